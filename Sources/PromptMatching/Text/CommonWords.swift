/// Words that are no names: those of many questions, written small.
///
/// Taken from `texts.jsonl` of the Quora question pairs: words of at least 12 of 30,000 questions, at most two fifths
/// of them
/// with a capital letter inside of the question.
enum CommonWords {
    /// Whether a word is so rare that it may be a name. Says nothing of words with other letters than a–z.
    static func isStrange(_ token: Token) -> Bool {
        guard token.kind == .word, !token.isFunctionWord, token.text.utf8.count >= 3,
            token.text.utf8.allSatisfy({ $0 >= 97 && $0 <= 122 })
        else { return false }
        return !stems.contains(token.stem)
    }

    private static let stems = Set(
        words.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { WordStem.of(String($0)) })

    private static let words = """
        ability able about above abroad academic accept accepted access according account accounting accounts accurate
        achieve acid acne across action active activities actor actors actress actual actually add addiction address
        administration admission ads adult advantages advertising advice affect affected affordable afraid after again
        against age agency agent ago agree air aircraft airport alcohol algorithm algorithms alien aliens alive all
        allow allowed almost alone along already also alternatives always amazing amendment among amount anal analysis
        analyst ancient and angel anger angry animal animals anime annual anonymous anonymously another answer answered
        answers anti anxiety any anybody anymore anyone anything apart app appear appears application applications
        applied apply applying approach apps architecture are area areas aren arguments around art articles artificial
        artist arts ask asked asking asks aspects associated atheist atheists atom attack attend attitude attracted
        attractions attractive audio author automation available average avoid away babies baby back background bad
        balance ball ban bank banking banks banned banning bar based basic basics basis battery battle beat beautiful
        became because become becomes becoming bed been before begin beginner beginners beginning behavior behind being
        believe belly below beneficial benefit benefits besides best better between big bigger biggest bike binary
        biology birth birthday bit black blind block blocked blog blood blowing blue board boards body bond book books
        boost born both bought box boy boyfriend boys brain branch brand brands break breaking bring broadband broke
        broken broker brother brown browser budget bugs build building burn business businesses but button buy buying
        cabinet cable calculate calculated call called calling calls calories cambodia came camera campaign campus can
        cancer candidate cannot capital car carbon card cards care career carrier carry cars case cash caste catch cats
        cause caused causes celebrate celebrity cell cells center centre century certain certificate chain chance
        chances change changed changes changing channel channels character characteristics characters charge chat cheap
        cheapest cheating check chemical chemistry chewing chicken child childhood children choice choose cigarettes
        circle circuit circular cities citizen citizens civil class classes classical clean clear client clients climate
        clock close clothes clothing cloud club coaching code codes coding coffee cold collapse college colleges color
        colors colour com come comes coming comment comments commerce commercial commit common communication community
        companies company compare compared competitive complete completed completely completing complex compound
        computer computers computing concentrate concept concepts concert concrete condition confidence confident
        conflict connect connected connection cons consequences consider considered considering constant contact contain
        content continue contrast control conversation convert convince cook cool copy core corporate correct correctly
        corruption cost could count countries country couples course courses cover crack craziest crazy cream create
        created creative credit credits cricket crime crimes criminal critical crush cultural culture cure cured
        currency current currently customer cut cyber cycle daily damaged dance dangerous dark data database date dating
        daughter day days dead deal death debate debit debt decide decision decisions deep define definition degree
        delete deleted demand democracy demonetization density departments deposit depressed depression describe deserve
        design designer designing desktop despite destroy destroyed details determine determined develop developed
        developer developers developing development device devices did didn die died diet differ difference differences
        different difficult digit digital digits diploma direct directly director disable disabled disadvantages disease
        dishes dislike disorder display distance distribution doctor documents does doesn dog dogs doing dollars domain
        don done door double down download dream dreams drink drinking drive driver drivers driving drop drug drugs dry
        dual due during dying each early earn earning earthquake easiest easily easy eat eating economic economics
        economy edit editing education effect effective effects efficient eggs either elected election elections
        electric electrical electricity electronic electronics element elements eligible else email emails emotional
        emotions employees empty end energy engine engineer engineering engineers engines enjoy enough enter enterprise
        entire entrepreneur entrepreneurs entry environment episode equal equation equity equivalent error especially
        essay estate etc ethnic even event events ever every everyday everyone everything evidence evil evolution
        exactly exam example examples exams exchange executive exercise exercises exist existence exists expect expected
        expensive experience experienced experiences explain explanation export express expression extension external
        extremely eye eyes face faced facial fact factors facts fail failed failure fair faith fake fall falling
        families family famous far fashion fast faster fastest fat father favorite favourite fear feature features feed
        feel feeling feelings feet fell female few fiction field fight fighter figures file files fill film final
        finance financial find fine fire firm firms first fish fit five fix flat flight flights fly flying focus follow
        followed followers following font food foods football for force forces foreign foreigners forget forgot form
        format formed forms formula forward fought found founder four frac framework franchise free freedom frequency
        fresher friend friends friendship from front fruit fuel full fun function functions fund funding funds funniest
        funny future gadgets gain game games gaming gas gave gay general generally generate generation get gets getting
        ghosts gift gifts girl girlfriend girls give given giving glass global goal goals gods goes going gold gone good
        goods got government grades grads graduate graduation graphic gravity great greatest green ground group groups
        grow growing growth guide guitar gun guy guys gym habits hack hacked hacker hacking hacks had hair half hand
        handle handling hands happen happened happening happens happy harassment hard harmful has hasn hate have haven
        having head headphones health healthy hear heard heart heat hedge height hell help helpful her here hide high
        higher highest highly him himself hire hiring his historical history hit hold hole holes home honey horror host
        hot hotel hour hours house houses how huge human humans hurt husband hydrogen ice icloud idea ideas ignore
        illegal image images immediately impact impacts import importance important impossible improve improvement
        incident include including income increase increasing independence independent individual industrial industry
        infinite influence information innovative inpatient inside inspirational inspiring install installation instead
        institute institutes insurance integration intelligence intelligent interest interested interesting internal
        international internet internship interview interviews into introduce introvert invented invest investing
        investment investor investors invited involved ios ipad iphone ipod iron isn issue issues items its itself
        jealous job jobs join joining joke just keep keeping kept key keyboard kids kill killed kind kinds kinetic kiss
        knew know knowing knowledge known knows lakhs land language languages laptop laptops large largest last late
        later latest launch law laws lawyer lead leader leaders leadership learn learned learning least leave leaving
        led left legal legally legit legs length lesbian less lesser lessons let letter letters level levels liberal
        license lies life light like likely likes limit line linear lines link liquid list listen literature little live
        lives living load loan local located location lock log loneliness lonely long longer look looking looks loose
        lose losing loss lost lot love loves low lower lucid lyrics machine made magic magnetic mail main major majority
        majors make makes making male man manage management manager many marijuana mark marked market marketing marks
        marriage married marry mass master masters masturbate masturbation match material materials math mathematics
        maths matter maximum may meal mean meaning means meant measure meat mechanical media medical medicine meditation
        medium meet member members memory men mental message messages messenger met metal meth method methods mid middle
        might military milk million mind minimum mining minute minutes miss mistake mistakes mix mobile mode model
        models modern mom moment mon money monitor month months moon moral more morning most mostly mother motion
        motivate motor move movie movies moving much multiple muscle music musical must mutual myself naked name names
        nano nation nations native natural naturally nature near necessary need needed needing needs negative net
        network networking networks never new news next nice night non normal not note notes nothing notice novel novels
        now nuclear number numbers object objective obsessed obtain occur ocean off offer offers office officer officers
        offline often oil okay old older once one ones online only open operating operation opinion opportunities option
        options order organization orgasm origin original originate other others our out output outside over overcome
        own oxygen package page pages paid pain paint panel paper parallel parent parents part particles particularly
        partner parts party pass passed passenger passport password past path pattern pay paying payment peace penalty
        penis people per percentage percentile perfect perform performance period periods permanent permanently permit
        person personal personality pet petrol petroleum phase philosophy phone phones photo photos phrase physical
        physically physics piano pick picture pictures piece pills pilot pilots pizza place placed placements places
        plan planet planets planning plant plants plastic platform play player playing please poem point points police
        policy political politician politics poor popular population porn position positions positive possibility
        possible post potential pounds power powerful practical practice practices pre precautions prefer pregnancy
        pregnant preparation prepare preparing present presentation presidency presidential pressure prevent price
        primary principle print printing private probability problem problems procedure process processing processor
        produce product production products professional professor professors profile profit profitable program
        programmer programming programs project projects promote proof properly property proposed pros prospects protect
        protein prove provide provider provides psychological psychology psychopath psychopaths public publish pull
        puppy purchase pure purpose pursue pursuing put qualify qualities quality quantum question questions quick
        quickly quit race racist radio raise random range rank rate rates rather ratio raw reach react reaction read
        reading real reality really reason reasons receive received recent recently recipe recommend recover recovery
        recruit red reduce refer refund regarding region register registered regret regular rehab rejected related
        relation relationship relationships relative release released relevant reliable religion religious remain
        remember remote remotely remove removed rent repair replace reply report represent request require required
        requirements research reservation reset resolution resolutions resources respect respond response responsible
        rest restaurant restaurants results resume retail return returns revenue review rich rid right rights ring rise
        risk road rock role romantic room root round router routine rule rules run running rupee rupees sad safe safety
        said salary sales salt same satellite save savings say saying says scale scam scene schedule scholarship school
        schools science scientific scientist scope score scratch screen script sea search season seat second seconds
        secret section sector secure security see seeing seem seen selected selection self sell selling send sending
        sense sent sentence sentences separate sequence series serious serve server servers service services set setting
        sex sexual shall share shave she ship shoes shoot shop shopping short shot shotguns should shouldn show showing
        shows shy side sign signal significance signs sim similar similarities simple since sing single sister site
        sites situation six size skill skills skin sleep sleeping slow small smart smartphone smell smile smoking social
        society software solar solution solutions solve some somebody someone something sometimes son song songs soon
        sort soul sound source sources space speak speaker speaking special species specific specifically speech speed
        spend spending split sport sports square stable staff stage stand standard stars start started starting starts
        startup startups state statement static station status stay steel step steps stick still stock stocks stomach
        stop stopped storage store stored stores stories story straight strangest strategy stream streaming street
        strength stress strike strikes strong strongest structure structures student students studies study studying
        stuff style subject substitute success successful such suck suddenly suggest suggestions suicide suitable sum
        summer sun superpower supply support supporters sure surface surgery surgical survive switch symbol symptoms
        syndrome system systems table take taken takes taking talk talking tall taller tank taste tattoo taught tax tea
        teach teacher teaching team technical techniques technologies technology teeth tell temperature temperatures ten
        term terms terrorist test testing text than that the their them theme themselves then theories theory there
        these thesis they thing things think thinking third this those though thought thoughts three through ticket
        tickets till time times tips tired title today together told too took tool tools top topic topics torrent total
        touch tourist towards track trade trading traffic train training transfer transgender translation travel
        traveling travelling treat treated treatment tree trees tricks tried trip true truly trust truth try trying turn
        turned twice two type types typical typically unable under undergraduate understand understanding unexpected
        uniform unique unit universal universe universities unknown unlock unmarried until unusual update upgrade upload
        urine use used useful user users uses using usually vacuum valid value variables various vehicle velocity
        venture verify version very via vice victory video videos view viewed views virgin virtual virus viruses visa
        vision visit visiting visitor visitors vitamin vocabulary voice voltage vote wait wake walking wall want wanted
        wants war warming was waste watch watching water wave waves way ways weakest wear wearing web website websites
        wedding weed week weeks weight weird weirdest well went were what when where whether which while white who whole
        wholesale whom whose why widely wife wildlife will willing win wing winning wins winter wireless wise wish with
        withdraw within without woman women won word words work working workout works world worse worst worth would
        write writer writers writing written wrong year years yellow yes yet you young younger your yourself zero
        """
}
