/// Axes of meaning with two ends: what one prompt may not have where the other has its opposite.
enum OppositeWords {
    struct Axis {
        /// Words that are opposites only in the right place: "in", "up".
        var needsContext = false
        /// Such as "before" and "bigger".
        var isRelation = false
    }

    /// Verbs that a particle turns round.
    static let particleVerbs: Set<String> = Set(
        """
        turn switch sign log check clock opt move go come get put take power lock shut set scroll swipe roll scale pull
        push
        plug zoom fade dial phase ramp walk step slide speed slow mark round wind jump run climb look write shift bring
        """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { WordStem.of(String($0)) })

    /// The ends of axes that the token at this position stands for, two-word verbs included.
    static func poles(of tokens: [Token], at position: Int) -> [(axis: Int, isPositive: Bool)] {
        let token = tokens[position]
        guard token.kind == .word else { return [] }
        var found = table[token.isFunctionWord ? token.text : token.stem] ?? []
        // "turn on" and "turn it on" stand beside "enable".
        if token.text == "on" || token.text == "off" {
            let verbs = tokens[max(0, position - 4)..<position]
            if verbs.contains(where: { $0.stem == "turn" || $0.stem == "switch" || $0.stem == "power" }) {
                found.append((activation, token.text == "on"))
            }
        }
        return found
    }

    static let axes: [Axis] = lines.map(\.axis)
    private static let activation = 0

    private static let table: [String: [(axis: Int, isPositive: Bool)]] = {
        var table: [String: [(axis: Int, isPositive: Bool)]] = [:]
        for (number, line) in lines.enumerated() {
            for (isPositive, words) in [(true, line.positive), (false, line.negative)] {
                for word in words.split(separator: " ") {
                    let isFunctionWord = FunctionWords.all.contains(String(word))
                    let stem = isFunctionWord ? String(word) : WordStem.of(String(word))
                    if table[stem]?.contains(where: { $0.axis == number }) != true {
                        table[stem, default: []].append((number, isPositive))
                    }
                }
            }
        }
        return table
    }()

    /// "~" marks axes that need context, ">" relations.
    private static let lines: [(axis: Axis, positive: Substring, negative: Substring)] = source.split(separator: "\n")
        .map {
            let needsContext = $0.hasPrefix("~")
            let isRelation = $0.hasPrefix(">")
            let sides = $0.drop { $0 == "~" || $0 == ">" || $0 == " " }.split(separator: "|")
            return (Axis(needsContext: needsContext, isRelation: isRelation), sides[0], sides[sides.count - 1])
        }

    private static let source = """
        enable activate|disable deactivate
        ~on|off
        ~in|out
        ~up|down
        ~over above|under below beneath
        ~to into toward towards|from
        ~with|without
        ~more|less fewer
        ~most|least
        ~all every|only
        ~for|against
        >before prior until till|after following afterwards since
        >bigger larger greater|smaller
        >faster quicker|slower
        >older elder|younger newer
        >taller higher|shorter lower
        >cheaper|pricier costlier
        >better superior|worse inferior
        >stronger|weaker
        >richer|poorer
        >hotter warmer|colder cooler
        >heavier|lighter
        >buy purchase|sell
        >lend loan|borrow
        >teach|learn
        >win|lose
        >parent father mother|child son daughter
        increase raise grow gain rise boost|decrease lower reduce shrink drop fall lose decline
        maximum maximal highest largest biggest most|minimum minimal lowest smallest least
        best|worst
        good|bad
        cheap inexpensive cheapest|expensive pricey costly
        fast quick fastest|slow slowest
        longest long|shortest short
        tallest tall|shortest short
        oldest eldest old|youngest newest young new
        hot hottest warm|cold coldest cool
        heavy heaviest|light lightest
        early earliest|late latest
        first|last
        start begin launch boot|stop end finish quit terminate shutdown
        open|close shut closed
        add insert|remove delete drop
        create make|delete destroy
        allow permit whitelist|forbid block prohibit ban deny blacklist
        accept approve|decline reject refuse deny
        show reveal display|hide conceal
        send|receive
        deposit|withdraw
        credit|debit
        push|pull
        read|write
        input|output
        ascend|descend
        arrive arrival|depart departure leave
        enter|exit leave
        join|leave
        inbound incoming arriving|outbound outgoing departing
        internal inner indoor|external outer outdoor
        public|private
        left|right
        top upper|bottom lower
        high|low
        front|back rear
        north northern|south southern
        east eastern|west western
        morning|evening
        day daytime|night nighttime
        male man boy he his|female woman girl she her
        husband|wife
        brother|sister
        uncle|aunt
        king|queen
        buyer purchaser customer|seller vendor
        landlord|tenant renter
        doctor physician|patient
        teacher|student pupil
        employer|employee
        lender creditor|borrower debtor
        client|server
        winner|loser
        lawyer|client
        adult|child baby
        pros advantage benefit strength|cons disadvantage drawback weakness
        positive|negative
        plus|minus
        profit|loss
        asset|liability
        income revenue|expense
        supply|demand
        success succeed|failure fail
        pass|fail
        true|false
        yes|no
        same|different
        always|never
        many|few
        full|empty
        strong strongest|weak weakest
        hard difficult|easy
        rich|poor
        happy|sad
        love like|hate dislike
        friend|enemy
        safe|dangerous unsafe
        clean|dirty
        wet|dry
        hire|fire
        mount|unmount dismount
        attach|detach
        connect|disconnect
        lock|unlock
        freeze|unfreeze thaw
        expand|collapse
        merge|split
        ancient|modern
        old|new
        past|future
        temporary temporarily|permanent permanently
        manual manually|automatic automatically
        online|offline
        local|remote
        domestic|international
        synchronous|asynchronous
        static|dynamic
        mandatory required compulsory|optional voluntary
        guilty|innocent
        alive living|dead
        birth born|death died
        marry|divorce
        wholesale|retail
        horizontal horizontally|vertical vertically
        inhale|exhale
        sunrise dawn|sunset dusk
        introvert|extrovert
        gross|net
        breakfast|dinner lunch
        lunch|dinner
        import|export
        upgrade|downgrade
        promote|demote
        attack|defend
        fixed|variable
        single|married
        vegetarian vegan|meat
        sender|recipient receiver addressee
        driver|passenger
        host|guest
        inside indoors|outside outdoors
        forward forwards|backward backwards
        clockwise|counterclockwise anticlockwise
        senior|junior
        major majority|minor minority
        victory|defeat
        weekday weekdays|weekend weekends
        pickup|dropoff
        proof confirm|disproof refute
        war|peace
        heaven|hell
        hero|villain
        predator|prey
        producer|consumer
        victim|perpetrator
        plaintiff|defendant
        """
}
