/// Finds dates and times. Month names may be ordinary words ("may", "march"): those count only where a date can stand.
struct CalendarReader {
    private let tokens: [Token]
    private let isEnglish: Bool
    private(set) var mention = CalendarMention()
    /// Tokens that were read as a part of a date, so that their numbers are not compared again.
    private(set) var taken: Set<Int> = []

    init(_ tokens: [Token], isEnglish: Bool) {
        self.tokens = tokens
        self.isEnglish = isEnglish
        for position in tokens.indices where !taken.contains(position) {
            if readNumeric(position) || !isEnglish { continue }
            if readMonth(position) || readTime(position) || readRelative(position) { continue }
            readName(position)
        }
    }

    private func text(_ position: Int) -> String? {
        tokens.indices.contains(position) ? tokens[position].text : nil
    }

    private func number(_ position: Int) -> Int? {
        guard tokens.indices.contains(position), tokens[position].kind == .number else { return nil }
        return Int(tokens[position].text)
    }

    // MARK: Digits

    private mutating func readNumeric(_ position: Int) -> Bool {
        let token = tokens[position]
        switch token.kind {
        case .identifier: return readISO(token.text, position) || readQuarter(token.text, position)
        case .number: return readClock(token.text, position) || readYear(position)
        case .word: return false
        }
    }

    /// "2024-05-01", "2024-05".
    private mutating func readISO(_ text: String, _ position: Int) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, let year = Int(parts[0]), let month = Int(parts[1]),
            let day = Int(parts[2]), (1_000...2_999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return false }
        mention.years.insert(year)
        mention.months.insert(month)
        mention.days.insert(day)
        taken.insert(position)
        return true
    }

    private mutating func readQuarter(_ text: String, _ position: Int) -> Bool {
        guard text.utf8.count == 2, text.hasPrefix("q"), let quarter = text.last?.wholeNumberValue,
            (1...4).contains(quarter)
        else { return false }
        mention.quarters.insert(quarter)
        taken.insert(position)
        return true
    }

    /// "15:00", "3:30 pm".
    private mutating func readClock(_ text: String, _ position: Int) -> Bool {
        let parts = text.split(separator: ":")
        guard parts.count >= 2, let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 25, minute < 60 else {
            return false
        }
        taken.insert(position)
        addTime(hour: hour, minute: minute, position: position + 1, isOpen: hour <= 12 && parts[0].utf8.first != 48)
        return true
    }

    private mutating func addTime(hour: Int, minute: Int, position: Int, isOpen: Bool) {
        let half = text(position)
        guard half == "am" || half == "pm", (1...12).contains(hour) else {
            mention.times.append(.init(minutes: (hour * 60 + minute) % 1_440, isOpen: isOpen))
            return
        }
        taken.insert(position)
        mention.times.append(.init(minutes: (hour % 12 + (half == "pm" ? 12 : 0)) * 60 + minute, isOpen: false))
    }

    private mutating func readYear(_ position: Int) -> Bool {
        guard let year = number(position), (1_900...2_099).contains(year), tokens[position].text.utf8.count == 4,
            !tokens[position].original.hasPrefix("#"), !Self.numbered.contains(text(position - 1) ?? ""),
            Unit.named(text(position + 1) ?? "") == nil
        else { return false }
        mention.years.insert(year)
        taken.insert(position)
        return true
    }

    /// What is numbered otherwise than by years.
    private static let numbered: Set<String> = [
        "order", "ticket", "invoice", "port", "room", "code", "error", "number", "flight", "case", "issue", "version",
        "line", "page", "request", "gate", "account", "model",
    ]

    // MARK: Words

    private mutating func readMonth(_ position: Int) -> Bool {
        let token = tokens[position]
        guard token.kind == .word, let month = Self.months[token.text] else { return false }
        let day = dayNumber(before: position) ?? dayNumber(after: position)
        let isSure = day != nil || number(position + 1).map { (1_000...2_999).contains($0) } == true
        if Self.unsure.contains(token.text), !isSure {
            let follows = Self.monthLeads.contains(text(position - 1) ?? "")
            // "in may" is a date, "how may I" is not, and "APR" is a rate.
            guard
                follows
                    || token.isCapitalized && !token.beginsSentence
                        && (token.text == "may" || token.text.utf8.count > 3)
            else { return false }
        }
        mention.months.insert(month)
        taken.insert(position)
        if let day {
            mention.days.insert(day.value)
            taken.formUnion(day.tokens)
        }
        return true
    }

    /// "3 March", "3rd of March", "24th December".
    private func dayNumber(before position: Int) -> (value: Int, tokens: Range<Int>)? {
        var end = position - 1
        if text(end) == "of" { end -= 1 }
        if text(end) == "th" { end -= 1 }
        guard let day = number(end), (1...31).contains(day), !tokens[end].endsClause else { return nil }
        return (day, end..<position)
    }

    /// "March 3", "March the 3rd".
    private func dayNumber(after position: Int) -> (value: Int, tokens: Range<Int>)? {
        var start = position + 1
        if text(start) == "the" { start += 1 }
        guard let day = number(start), (1...31).contains(day), Unit.named(text(start + 1) ?? "") == nil else {
            return nil
        }
        return (day, start..<(text(start + 1) == "th" ? start + 2 : start + 1))
    }

    /// "3 pm", "noon".
    private mutating func readTime(_ position: Int) -> Bool {
        let token = tokens[position]
        if token.text == "noon" || token.text == "midnight" {
            mention.times.append(.init(minutes: token.text == "noon" ? 720 : 0, isOpen: false))
        } else if let hour = number(position - 1), (1...12).contains(hour), !taken.contains(position - 1),
            token.text == "am" || token.text == "pm" || token.text == "oclock"
        {
            taken.insert(position - 1)
            addTime(hour: hour, minute: 0, position: position, isOpen: true)
        } else {
            return false
        }
        taken.insert(position)
        return true
    }

    private mutating func readRelative(_ position: Int) -> Bool {
        let token = tokens[position]
        if let offset = Self.relativeDays[token.text] {
            mention.relativeDays.insert(offset)
            taken.insert(position)
            return true
        }
        guard let lead = Self.periodLeads[token.text], let period = text(position + 1),
            Self.periods.contains(period) || Self.weekdays[period] != nil || Self.months[period] != nil
                || Self.seasons.contains(period)
        else { return false }
        mention.relativePeriods.insert("\(lead) \(period)")
        return true
    }

    private mutating func readName(_ position: Int) {
        let token = tokens[position]
        guard token.kind == .word else { return }
        if let weekday = Self.weekdays[token.text],
            token.text.utf8.count > 3 || token.isCapitalized && !token.beginsSentence
        {
            mention.weekdays.insert(weekday)
            taken.insert(position)
        } else if Self.seasons.contains(token.text) {
            mention.seasons.insert(token.text)
        }
    }

    // MARK: Names

    private static let months: [String: Int] = {
        let names = [
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ]
        var table: [String: Int] = [:]
        for (index, group) in names.enumerated() {
            for name in group.split(separator: " ") { table[String(name)] = index + 1 }
        }
        return table
    }()
    private static let unsure: Set<String> = [
        "march", "may", "august", "jan", "mar", "apr", "jun", "jul", "aug", "sep", "dec",
    ]
    private static let monthLeads: Set<String> = [
        "in", "of", "by", "since", "until", "till", "last", "next", "this", "early", "late", "mid", "during", "before",
        "after", "every", "for",
    ]
    private static let weekdays: [String: Int] = {
        let names = [
            "monday mondays mon", "tuesday tuesdays tue tues", "wednesday wednesdays wed",
            "thursday thursdays thu thurs",
            "friday fridays fri", "saturday saturdays", "sunday sundays",
        ]
        var table: [String: Int] = [:]
        for (index, group) in names.enumerated() {
            for name in group.split(separator: " ") { table[String(name)] = index }
        }
        return table
    }()
    private static let relativeDays = ["yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1]
    private static let periodLeads = [
        "last": "last", "previous": "last", "past": "last", "next": "next", "coming": "next", "upcoming": "next",
        "following": "next", "this": "this", "current": "this",
    ]
    private static let periods: Set<String> = [
        "week", "month", "quarter", "year", "weekend", "semester", "term", "season", "night", "day", "decade",
        "century",
        "morning", "evening",
    ]
    private static let seasons: Set<String> = [
        "spring", "summer", "autumn", "winter", "christmas", "easter", "halloween", "thanksgiving", "ramadan", "diwali",
    ]
}
