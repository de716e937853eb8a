import PromptMatching
import Testing

@Suite struct GuardTests {
    private func finding(_ first: String, _ second: String, _ guards: Set<Guard> = Set(Guard.allCases)) -> Guard? {
        guard case .veto(let finding) = GuardSet(guards).verdict(PromptText(first), PromptText(second)) else {
            return nil
        }
        return finding.source
    }

    @Test(arguments: [
        ("Order 1,000 pieces", "Order 1000 pieces"), ("It takes 90 minutes", "It takes 1.5 hours"),
        ("Wait an hour", "Wait 60 minutes"), ("It costs 5k", "It costs 5000"), ("a 30-day trial", "a 30 day trial"),
        ("Pay $20", "Pay 20 dollars"), ("room ٤٢", "room 42"), ("Is 2.0 faster?", "Is 2 faster?"),
        ("a dozen eggs", "12 eggs"), ("twenty five users", "25 users"),
    ])
    func theSameAmountInAnotherFormPasses(_ first: String, _ second: String) {
        #expect(finding(first, second) == nil)
    }

    @Test(arguments: [
        ("What is 5 plus 7?", "What is 5 plus 8?", Guard.number), ("version 3.1", "version 3.10", .number),
        ("Take 5 mg", "Take 5 g", .unit), ("price in euros", "price in dollars", .unit),
        ("open in May", "open in June", .date), ("the 2019 report", "the 2020 report", .date),
        ("Is it allowed?", "Is it not allowed?", .negation), ("Is it reversible?", "Is it irreversible?", .negation),
        ("trains to Oslo", "trains to Bergen", .entity), ("Call foo_bar()", "Call foo_baz()", .identifier),
        ("turn it on", "turn it off", .direction), ("Does A call B?", "Does B call A?", .direction),
    ])
    func eachGuardFindsItsOwn(_ first: String, _ second: String, _ source: Guard) {
        #expect(finding(first, second) == source)
    }

    @Test func aGuardThatIsSwitchedOffVetoesNothing() {
        for source in Guard.allCases {
            let others = Set(Guard.allCases).subtracting([source])
            #expect(finding("Take 5 mg", "Take 5 g", others) == (source == .unit ? nil : .unit))
        }
        #expect(finding("Take 5 mg on Monday", "Take 6 g on Friday", []) == nil)
    }

    @Test(arguments: [
        ("Wie kann ich mein Passwort zurücksetzen?", "Ich habe mein Passwort vergessen, wie setze ich es zurück?"),
        ("Wo ist die Bank in Köln?", "In Köln, wo finde ich die Bank?"),
        ("Comment annuler ma commande ?", "Je veux annuler ma commande, comment faire ?"),
        ("¿Cómo cambio mi contraseña?", "Quiero cambiar mi contraseña, ¿qué hago?"), ("退款政策是什么？", "怎样退款？"),
        ("払い戻しの方法は？", "返金してもらうには？"), ("Rückgabe in 14 Tagen möglich?", "Rückgabe in 2 Wochen möglich?"),
    ])
    func whatAGuardCannotReadItDoesNotVeto(_ first: String, _ second: String) {
        #expect(finding(first, second) == nil)
    }

    @Test(arguments: [
        ("Wo ist Bestellung 48213?", "Wo ist Bestellung 48231?"), ("订单48213在哪里？", "订单48231在哪里？"),
        ("注文４８２１３はどこ？", "注文４８２３１はどこ？"),
    ])
    func numbersAreReadInEveryLanguage(_ first: String, _ second: String) {
        #expect(finding(first, second) == .number)
    }

    @Test(arguments: [
        "", " ", "?", "###", "`", "\u{0}", "a-", "--", "1-", "$", "()", "🙂", "v", "\u{301}", "-5-", "1.2.3.", "3:",
    ])
    func anOddPromptIsReadWithoutHarm(_ text: String) {
        #expect(finding(text, text) == nil)
        _ = finding(text, "What is 5 km?")
        _ = finding("What is 5 km?", text)
    }

    @Test func anyBytesAreReadWithoutHarm() {
        var state: UInt64 = 99
        let alphabet = Array("aA1.,-_/:'\"$€%°#() \u{7F}é漢٣`?nt s")
        for _ in 0..<400 {
            var texts = ["", ""]
            for side in 0..<2 {
                for _ in 0..<24 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    texts[side].append(alphabet[Int((state >> 33) % UInt64(alphabet.count))])
                }
            }
            #expect(finding(texts[0], texts[0]) == nil, "\(texts[0])")
            #expect((finding(texts[0], texts[1]) == nil) == (finding(texts[1], texts[0]) == nil), "\(texts)")
        }
    }
}
