/// Words without a meaning of their own, and how the language of a prompt is told from them.
package enum FunctionWords {
    package static let all = english.union([
        "please", "hi", "hello", "hey", "thanks", "thank", "just", "actually", "ok",
    ])

    static let english = words(
        """
        a an the this that these those my your his her its our their i you he she it we they me him us them
        am is are was were be been being do does did doing have has had having will would shall should can could may
        might must ought and or but if then else so as than because while of at by for with about against between into
        through during before after above below to from up down in out on off over under again further once here there
        when where why how what which who whom whose all any both each few more most other some such no nor not only own
        same too very also until till without within onto upon per via
        """)

    /// Words that are frequent in one of these languages and rare in English texts.
    private static let foreign = words(
        """
        der das und ist ich nicht ein eine einen wie mein meine für zu wir sie auf mit von kann wo warum wann dem den
        le les des est une je mon ma pour quel quelle comment où pourquoi dans mes vous nous sur avec puis
        el los las una como cómo mi qué para por dónde cuándo puedo es
        il che di della mio per sono posso dove quando perché
        um uma meu minha não como posso onde quando
        het een hoe ik mijn niet van voor waar wanneer kan
        och jag hur är det att min inte nie jak czy jest gdzie moje mój
        """)

    /// Whether what is known of English may be used on this prompt.
    ///
    /// A prompt of another language is compared by numbers, dates in digits and identifiers only: its words may look
    /// like
    /// English ones and mean something else.
    static func isEnglish(_ tokens: [Token]) -> Bool {
        var known = 0
        var strange = 0
        for token in tokens where token.kind == .word {
            if english.contains(token.text) {
                known += 1
            } else if foreign.contains(token.text) || !token.text.utf8.allSatisfy({ $0 < 0x80 }) {
                strange += 1
            }
        }
        return strange <= known
    }

    private static func words(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init))
    }
}
