/// What a prompt says about when: days, months, years, times of day.
package struct CalendarMention: Sendable, Equatable {
    package var years: Set<Int> = []
    /// 1–12.
    package var months: Set<Int> = []
    /// Of the month, 1–31; only beside a month.
    package var days: Set<Int> = []
    /// 0 for Monday through 6.
    package var weekdays: Set<Int> = []
    /// Minutes after midnight.
    package var times: [DayTime] = []
    /// Days from today: -1 for yesterday.
    package var relativeDays: Set<Int> = []
    /// "last week", "next month".
    package var relativePeriods: Set<String> = []
    /// "Q3", as 3.
    package var quarters: Set<Int> = []
    /// "summer", "Christmas".
    package var seasons: Set<String> = []

    package struct DayTime: Sendable, Equatable {
        package var minutes: Int
        /// "3:00", which may be in the afternoon.
        package var isOpen: Bool

        func agrees(with other: DayTime) -> Bool {
            if !isOpen, !other.isOpen { return minutes == other.minutes }
            return (minutes - other.minutes) % 720 == 0
        }
    }
}
