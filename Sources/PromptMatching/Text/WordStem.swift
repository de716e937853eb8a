/// What stays of an English word when its inflection and its spelling variant are taken off.
///
/// The result need not be a word ("moving", "move": "mov"); equal stems are all that counts. Words with other letters
/// than
/// a–z are their own stems.
package enum WordStem {
    package static func of(_ word: String) -> String {
        if let base = irregular[word] { return stripped(base) }
        return stripped(word)
    }

    private static func stripped(_ word: String) -> String {
        var letters = Array(word.utf8)
        guard letters.count >= 4, letters.allSatisfy({ $0 >= 97 && $0 <= 122 }) else { return word }
        stripPlural(&letters)
        stripVerbEnding(&letters)
        mergeSpellings(&letters)
        if letters.count >= 4, letters.last == e { letters.removeLast() }
        if letters.count >= 4, let last = letters.last, last == letters[letters.count - 2], !isVowel(last) {
            letters.removeLast()
        }
        return String(decoding: letters, as: UTF8.self)
    }

    private static func stripPlural(_ letters: inout [UInt8]) {
        guard letters.count >= 4, letters.last == s else { return }
        if ends(letters, "ies"), letters.count > 4 {
            letters.removeLast(3)
            letters.append(y)
        } else if ends(letters, "sses") || ends(letters, "xes") || ends(letters, "ches") || ends(letters, "shes") {
            letters.removeLast(2)
        } else if !ends(letters, "ss"), !ends(letters, "us"), !ends(letters, "is") {
            letters.removeLast()
        }
    }

    private static func stripVerbEnding(_ letters: inout [UInt8]) {
        if ends(letters, "ied"), letters.count > 4 {
            letters.removeLast(3)
            letters.append(y)
            return
        }
        let count = ends(letters, "ing") ? 3 : ends(letters, "ed") && !ends(letters, "eed") ? 2 : 0
        guard count > 0, letters.count - count >= 3 || (letters.count - count == 2 && count == 3),
            letters.dropLast(count).contains(where: isVowel)
        else { return }
        letters.removeLast(count)
    }

    /// British and American spelling: "centre", "colour", "summarise".
    private static func mergeSpellings(_ letters: inout [UInt8]) {
        if ends(letters, "tre"), letters.count >= 5 {
            letters.removeLast(2)
            letters.append(contentsOf: [e, UInt8(ascii: "r")])
        } else if ends(letters, "our"), letters.count >= 6 {
            letters.removeLast(2)
            letters.append(UInt8(ascii: "r"))
        } else if letters.count >= 6, ends(letters, "is") || ends(letters, "ise") {
            if letters.last == e { letters.removeLast() }
            letters[letters.count - 1] = UInt8(ascii: "z")
        }
    }

    private static func ends(_ letters: [UInt8], _ ending: StaticString) -> Bool {
        guard letters.count >= ending.utf8CodeUnitCount else { return false }
        let start = letters.count - ending.utf8CodeUnitCount
        for offset in 0..<ending.utf8CodeUnitCount where letters[start + offset] != ending.utf8Start[offset] {
            return false
        }
        return true
    }

    private static func isVowel(_ letter: UInt8) -> Bool {
        switch letter {
        case UInt8(ascii: "a"), e, UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"), y: true
        default: false
        }
    }

    private static let e = UInt8(ascii: "e")
    private static let s = UInt8(ascii: "s")
    private static let y = UInt8(ascii: "y")

    private static let irregular: [String: String] = {
        let lines = """
            buy bought|sell sold|send sent|lend lent|pay paid|get got gotten|go went gone|take took taken|make made
            give gave given|leave left|lose lost|find found|keep kept|hold held|tell told|say said|pick picked
            write wrote written|break broke broken|choose chose chosen|speak spoke spoken|steal stole stolen
            see saw seen
            know knew known|grow grew grown|throw threw thrown|fly flew flown|eat ate eaten|fall fell fallen
            drive drove driven|ride rode ridden|rise rose risen|begin began begun|drink drank drunk|swim swam swum
            run ran|come came|become became|win won|meet met|feel felt|sleep slept|build built|spend spent|teach taught
            catch caught|think thought|bring brought|fight fought|stand stood|understand understood|wear wore worn
            bear bore|hide hid hidden|bite bit bitten|shake shook shaken|wake woke woken|freeze froze frozen
            child children|man men|woman women|foot feet|tooth teeth|person people|mouse mice|life lives|wife wives
            knife knives|half halves|leaf leaves|do doing|be being|have having|use using|tie tying|lie lying|die dying
            withdraw withdrew withdrawn|forget forgot forgotten|undo undid undone|hear heard|mean meant|sit sat
            shoot shot|sing sang sung|draw drew drawn|blow blew blown|dig dug|hang hung|lead led|feed fed|bleed bled
            invade invaded|die died dies|tie tied ties|lie lied lies|datum data|index indices|analysis analyses
            enrol enroll enrolled enrolling enrolment enrollment|fulfil fulfill|program programme programs programmes
            licence license|cheque check|practice practise|gray grey|tire tyre|aluminum aluminium|plow plough
            """
        var table: [String: String] = [:]
        for group in lines.split(whereSeparator: { $0 == "|" || $0 == "\n" }) {
            let words = group.split(separator: " ").map(String.init)
            guard let base = words.first else { continue }
            for word in words.dropFirst() { table[word] = base }
        }
        return table
    }()
}
