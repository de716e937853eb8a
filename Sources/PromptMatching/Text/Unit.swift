/// A unit of measurement, as a factor of the base unit of its dimension.
package struct Unit: Sendable, Equatable {
    package enum Dimension: Sendable, Equatable {
        case time, calendar, length, mass, volume, information, celsius, fahrenheit, degree, share, power, energy,
            frequency
        case speed
        case currency(String)
    }

    package let name: String
    package let dimension: Dimension
    /// Seconds, months, meters, grams, liters, bytes, … for one of this unit.
    package let factor: Double
    /// One or two letters that are a unit only after a number.
    package let isSymbol: Bool

    /// Lower-case; singular, plural or symbol.
    static func named(_ word: String) -> Unit? { table[word] }

    private static let table: [String: Unit] = {
        var table: [String: Unit] = [:]
        func add(_ dimension: Dimension, _ factor: Double, _ names: String) {
            let words = names.split(separator: " ").map(String.init)
            for word in words {
                table[word] = Unit(
                    name: words[0], dimension: dimension, factor: factor, isSymbol: word.utf8.count <= 2)
            }
        }
        add(.time, 1e-9, "nanosecond nanoseconds ns")
        add(.time, 1e-6, "microsecond microseconds us µs")
        add(.time, 1e-3, "millisecond milliseconds ms msec")
        add(.time, 1, "second seconds sec secs s")
        add(.time, 60, "minute minutes min mins")
        add(.time, 3_600, "hour hours hr hrs h")
        add(.time, 86_400, "day days d")
        add(.time, 604_800, "week weeks wk wks")
        add(.time, 1_209_600, "fortnight fortnights")
        add(.calendar, 1, "month months mo")
        add(.calendar, 12, "year years yr yrs yo")
        add(.calendar, 120, "decade decades")
        add(.calendar, 1_200, "century centuries")
        add(.length, 1e-3, "millimeter millimeters millimetre millimetres mm")
        add(.length, 1e-2, "centimeter centimeters centimetre centimetres cm")
        add(.length, 1, "meter meters metre metres m")
        add(.length, 1e3, "kilometer kilometers kilometre kilometres km kms")
        add(.length, 0.0254, "inch inches")
        add(.length, 0.3048, "foot feet ft")
        add(.length, 0.9144, "yard yards yd")
        add(.length, 1_609.344, "mile miles mi")
        add(.mass, 1e-6, "microgram micrograms mcg µg")
        add(.mass, 1e-3, "milligram milligrams mg")
        add(.mass, 1, "gram grams gramme grammes g")
        add(.mass, 1e3, "kilogram kilograms kilo kilos kg kgs")
        add(.mass, 1e6, "ton tons tonne tonnes")
        add(.mass, 28.349_523_125, "ounce ounces oz")
        add(.mass, 453.592_37, "pound pounds lb lbs")
        add(.mass, 6_350.293_18, "stone")
        add(.volume, 1e-3, "milliliter milliliters millilitre millilitres ml")
        add(.volume, 1e-2, "centiliter centiliters centilitre centilitres cl")
        add(.volume, 1, "liter liters litre litres l")
        add(.volume, 3.785_411_784, "gallon gallons gal")
        add(.volume, 0.473_176_473, "pint pints")
        add(.volume, 0.236_588_236_5, "cup cups")
        add(.volume, 0.014_786_764_78, "tablespoon tablespoons tbsp")
        add(.volume, 0.004_928_921_59, "teaspoon teaspoons tsp")
        // 1,024 as systems count, so that 2 GB and 2,048 MB agree.
        add(.information, 1, "byte bytes")
        add(.information, 1_024, "kilobyte kilobytes kb kib ki")
        add(.information, 1_048_576, "megabyte megabytes mb mib mi")
        add(.information, 1_073_741_824, "gigabyte gigabytes gb gib gi")
        add(.information, 1_099_511_627_776, "terabyte terabytes tb tib ti")
        add(.information, 0.125, "bit bits")
        add(.information, 131_072, "mbit mbits mbps megabit megabits")
        add(.information, 134_217_728, "gbit gbits gbps gigabit gigabits")
        add(.celsius, 1, "celsius centigrade c")
        add(.fahrenheit, 1, "fahrenheit f")
        add(.degree, 1, "degree degrees deg")
        add(.share, 1, "percent percentage pct")
        add(.power, 1, "watt watts w")
        add(.power, 1e3, "kilowatt kilowatts kw")
        add(.energy, 1, "kwh")
        add(.energy, 0.001_163, "kcal calorie calories cal")
        add(.frequency, 1, "hertz hz")
        add(.frequency, 1e3, "khz")
        add(.frequency, 1e6, "mhz")
        add(.frequency, 1e9, "ghz")
        add(.speed, 1, "kmh kph")
        add(.speed, 1.609_344, "mph")
        add(.currency("dollar"), 1, "dollar dollars usd bucks")
        add(.currency("dollar"), 0.01, "cent cents")
        add(.currency("euro"), 1, "euro euros eur")
        add(.currency("sterling"), 1, "sterling gbp quid")
        add(.currency("yen"), 1, "yen jpy")
        add(.currency("rupee"), 1, "rupee rupees inr rs")
        add(.currency("franc"), 1, "franc francs chf")
        add(.currency("yuan"), 1, "yuan rmb cny")
        add(.currency("bitcoin"), 1, "bitcoin bitcoins btc")
        return table
    }()
}
