/// Names that people write without a capital letter, too, by what they are names of.
///
/// Two prompts that differ in one of them ask about different things: "flights to paris", "flights to rome".
package enum KnownNames {
    package enum Kind: Sendable {
        case country, place, language, company, payment, software, medicine, planet
    }

    /// The kind of a lower-case word and the name under which it is compared: "german" and "germany" are one.
    static func named(_ word: String) -> (kind: Kind, name: String)? { table[word] }

    /// Words of a name of two words, joined by a space.
    static func named(_ first: String, _ second: String) -> (kind: Kind, name: String)? {
        guard leading.contains(first) else { return nil }
        return table[first + " " + second]
    }

    private static let table: [String: (kind: Kind, name: String)] = {
        var table: [String: (kind: Kind, name: String)] = [:]
        for (kind, lines) in lists {
            for group in lines.split(whereSeparator: { $0 == "," || $0 == "\n" }) {
                let spellings = group.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
                guard let name = spellings.first, !name.isEmpty else { continue }
                for spelling in spellings { table[spelling] = (kind, name) }
            }
        }
        return table
    }()

    private static let leading = Set(
        table.keys.compactMap { name in name.firstIndex(of: " ").map { String(name[..<$0]) } })

    private static let lists: [(Kind, String)] = [
        (
            .country,
            """
            afghanistan|afghan,albania|albanian,algeria|algerian,argentina|argentine|argentinian,armenia|armenian
            australia|australian,austria|austrian,bangladesh|bangladeshi,belarus,belgium|belgian,bolivia,bosnia
            brazil|brazilian,bulgaria|bulgarian,cambodia,canada|canadian,chile|chilean,china|chinese,colombia|colombian
            croatia|croatian,cuba|cuban,cyprus,denmark|danish,ecuador,egypt|egyptian,estonia|estonian,ethiopia|ethiopian
            finland|finnish,france|french,georgia,germany|german,ghana|ghanaian,greece|greek,hungary|hungarian
            iceland|icelandic,india|indian,indonesia|indonesian,iran|iranian,iraq|iraqi,ireland|irish,israel|israeli
            italy|italian,jamaica|jamaican,japan|japanese,jordan,kenya|kenyan,kuwait,latvia,lebanon|lebanese,libya
            lithuania,luxembourg,malaysia|malaysian,malta,mexico|mexican,mongolia,morocco|moroccan,nepal|nepali
            netherlands|dutch|holland,new zealand,nigeria|nigerian,north korea|north korean,norway|norwegian,oman
            pakistan|pakistani,panama,peru|peruvian,philippines|filipino,poland|polish,portugal|portuguese,qatar
            romania|romanian,russia|russian,saudi arabia|saudi,scotland|scottish,senegal,serbia,singapore,slovakia
            slovenia,somalia,south africa|south african,south korea|south korean|korea|korean,spain|spanish,sri lanka
            sudan,sweden|swedish,switzerland|swiss,syria|syrian,taiwan|taiwanese,tanzania,thailand|thai,tunisia
            turkey|turkish,uganda,ukraine|ukrainian,united kingdom|britain|great britain|british,england|english
            united states|america|american,uruguay,venezuela,vietnam|vietnamese,wales|welsh,yemen,zambia,zimbabwe
            arab|arabic,european union
            """
        ),
        (
            .place,
            """
            africa|african,asia|asian,europe|european,antarctica,amsterdam,athens,atlanta,auckland,austin,baghdad,bali
            bangalore|bengaluru,bangkok,barcelona,beijing,berlin,boston,brisbane,brussels,budapest,cairo,california
            chennai
            chicago,cologne,copenhagen,dallas,delhi|new delhi,denver,detroit,dubai,dublin,edinburgh,florence,florida
            frankfurt,geneva,glasgow,gujarat,hamburg,hawaii,helsinki,hong kong,houston,hyderabad,istanbul,jakarta
            johannesburg,karachi,kerala,kolkata,krakow,lagos,lahore,las vegas,leeds,lima,lisbon,liverpool,london
            los angeles,lyon,madrid,manchester,manila,melbourne,miami,milan,montreal,moscow,mumbai,munich,nairobi,naples
            new jersey,new york|new york city|manhattan,oslo,oxford,paris,perth,philadelphia,phoenix,prague,pune,punjab
            riyadh,rome,san diego,san francisco,santiago,sao paulo,seattle,seoul,shanghai,stockholm,stuttgart,sydney
            tamil nadu,tel aviv,texas,tokyo,toronto,valencia,vancouver,venice,vienna,warsaw,washington,zurich,kashmir
            """
        ),
        (
            .language,
            """
            hindi,urdu,tamil,telugu,bengali,marathi,kannada,malayalam,sanskrit,mandarin,cantonese,latin,hebrew,swahili
            python,java,javascript,typescript,ruby,rust,golang,kotlin,perl,php,haskell,scala,fortran,cobol,matlab,c++,c#
            f#,html,css,sql,bash,powershell,lua,clojure,erlang,elixir
            """
        ),
        (
            .company,
            """
            google,facebook|fb,amazon,microsoft,apple,netflix,twitter,instagram,snapchat,whatsapp,youtube,linkedin,quora
            reddit,tiktok,pinterest,uber,lyft,airbnb,tesla,toyota,honda,bmw,audi,mercedes,volkswagen,ford,nissan,hyundai
            samsung,nokia,huawei,xiaomi,oneplus,motorola,lenovo,dell,asus,acer,sony,intel,amd,nvidia,ibm,oracle,sap
            cisco
            infosys,wipro,tcs,accenture,deloitte,flipkart,walmart,ebay,alibaba,ikea,nike,adidas,starbucks,mcdonalds
            pepsi
            dhl,fedex,ups,usps,lufthansa,ryanair,emirates,jio,airtel,vodafone,verizon,spotify,hulu,disney,boeing,airbus
            siemens,bosch,hsbc,barclays,citibank,hdfc,icici,openai,anthropic,yahoo,bing,dropbox,salesforce,hubspot
            shopify
            """
        ),
        (
            .payment,
            """
            visa card,mastercard,amex|american express,paypal,venmo,klarna,stripe,sepa,paytm,apple pay,google pay
            bitcoin
            ethereum,litecoin,dogecoin
            """
        ),
        (
            .software,
            """
            windows,linux,ubuntu,debian,fedora,centos,macos,android,ios,iphone,ipad,macbook,galaxy,pixel,kindle,xbox
            playstation,chrome,firefox,safari,docker,podman,kubernetes,terraform,ansible,puppet,jenkins,gitlab,github
            bitbucket,git,svn,mercurial,aws,azure,gcp,heroku,postgres,mysql,sqlite,mongodb,redis,cassandra,elasticsearch
            mariadb,kafka,rabbitmq,nginx,apache,haproxy,react,angular,vue,svelte,django,flask,rails,laravel,spring boot
            tensorflow,pytorch,keras,numpy,pandas,hadoop,npm,yarn,pip,conda,maven,gradle,vim,emacs,vscode,eclipse,xcode
            intellij,excel,powerpoint,outlook,photoshop,wordpress,drupal,joomla,slack,zoom,skype,jira,trello,asana
            notion
            figma,tableau,gmail,siri,alexa,cortana,chatgpt,gemini,pdf,csv,json,xml,yaml,docx,png,jpeg|jpg,gif,svg,mp3
            mp4
            http,https,ftp,sftp,smtp,imap,tcp,udp,ipv4,ipv6
            """
        ),
        (
            .medicine,
            """
            ibuprofen,aspirin,paracetamol|acetaminophen|tylenol,naproxen,metformin,insulin,amoxicillin,penicillin
            warfarin
            heparin,morphine,codeine,prednisone,cortisone,antibiotics|antibiotic,xanax,prozac,zoloft,adderall,ritalin
            diabetes|diabetic,cancer,asthma,flu|influenza,covid,malaria,measles,hiv,aids,pneumonia,tuberculosis
            hepatitis
            eczema,psoriasis,migraine,arthritis,epilepsy,cocaine,heroin,marijuana|cannabis|weed,lsd,meth
            """
        ),
        (.planet, "mercury,venus,mars,jupiter,saturn,uranus,neptune,pluto"),
    ]
}
