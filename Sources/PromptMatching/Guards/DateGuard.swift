/// Days, months, years and times of day must agree.
enum DateGuard {
    static func finding(in pair: PromptPair) -> GuardFinding? {
        let first = pair.first.calendar
        let second = pair.second.calendar
        if first == second { return nil }
        if let finding = difference(first.years, second.years, "year ") { return finding }
        if let finding = difference(first.months, second.months, "month ") { return finding }
        // The day of a month that only one of them names is a closer description of the same month.
        if !first.days.isEmpty, !second.days.isEmpty, let finding = difference(first.days, second.days, "day ") {
            return finding
        }
        if let finding = difference(first.weekdays, second.weekdays, "weekday ") { return finding }
        if let finding = difference(first.quarters, second.quarters, "quarter ") { return finding }
        if let finding = times(first.times, second.times) { return finding }
        // "today", "this week" and "now" may be left out.
        if let finding = difference(
            first.relativeDays.subtracting([0]), second.relativeDays.subtracting([0]), "day from today ")
        {
            return finding
        }
        func strong(_ periods: Set<String>) -> Set<String> { periods.filter { !$0.hasPrefix("this") } }
        if let finding = difference(strong(first.relativePeriods), strong(second.relativePeriods), "") {
            return finding
        }
        if !first.seasons.isEmpty, !second.seasons.isEmpty {
            return difference(first.seasons, second.seasons, "")
        }
        return nil
    }

    private static func difference<Value: Hashable & Comparable>(
        _ first: Set<Value>, _ second: Set<Value>, _ label: String
    ) -> GuardFinding? {
        guard first != second else { return nil }
        func text(_ values: Set<Value>) -> String { values.sorted().map { "\(label)\($0)" }.joined(separator: ", ") }
        return GuardFinding(source: .date, first: text(first), second: text(second))
    }

    private static func times(
        _ first: [CalendarMention.DayTime], _ second: [CalendarMention.DayTime]
    ) -> GuardFinding? {
        let firstOnly = first.first { time in !second.contains { $0.agrees(with: time) } }
        let secondOnly = second.first { time in !first.contains { $0.agrees(with: time) } }
        guard firstOnly != nil || secondOnly != nil else { return nil }
        func text(_ time: CalendarMention.DayTime?) -> String {
            guard let time else { return "" }
            let minute = String(time.minutes % 60)
            return "\(time.minutes / 60):\(minute.utf8.count < 2 ? "0" : "")\(minute)"
        }
        return GuardFinding(source: .date, first: text(firstOnly), second: text(secondOnly))
    }
}
