/// Several ways to write one name or term.
enum Alias {
    /// What stands in the tokens instead of a word.
    static func texts(of word: String, original: String) -> [String] {
        if let words = words[word] {
            // "us" and "it" are words as well.
            if word.utf8.count <= 2, original.contains(where: \.isLowercase) { return [word] }
            return words
        }
        return [names[word] ?? word]
    }

    /// Abbreviations.
    static let words: [String: [String]] = [
        "2fa": ["two", "factor", "authentication"], "mfa": ["multi", "factor", "authentication"],
        "us": ["united", "states"], "usa": ["united", "states"], "u.s": ["united", "states"],
        "uk": ["united", "kingdom"], "u.k": ["united", "kingdom"], "uae": ["united", "arab", "emirates"],
        "eu": ["european", "union"], "nyc": ["new", "york", "city"], "la": ["los", "angeles"],
        "wwii": ["world", "war", "2"], "ww2": ["world", "war", "2"], "wwi": ["world", "war", "1"],
        "ww1": ["world", "war", "1"], "k8s": ["kubernetes"], "cv": ["resume"],
    ]

    /// One spelling for words that have several.
    static let names: [String: String] = [
        "js": "javascript", "ts": "typescript", "postgresql": "postgres", "mongo": "mongodb", "golang": "go",
        "env": "environment", "int": "integer", "str": "string", "db": "database", "repo": "repository",
        "config": "configuration", "info": "information", "app": "app", "apps": "app", "application": "app",
        "applications": "app", "pic": "picture", "pics": "picture", "vs": "versus", "v.s": "versus", "max": "maximum",
        "min": "min", "dept": "department", "govt": "government", "uni": "university", "docs": "documents",
        "phd": "phd", "ph.d": "phd", "okay": "ok", "thru": "through", "u": "you", "ur": "your", "pls": "please",
        "plz": "please", "bf": "boyfriend", "gf": "girlfriend", "c++": "c++", "c#": "c#", "f#": "f#", ".net": "dotnet",
        "win": "win", "pc": "computer", "bike": "bicycle", "tv": "television", "fridge": "refrigerator", "ad": "ad",
        "mum": "mother", "mom": "mother", "dad": "father", "kid": "child", "kids": "child", "e.g": "eg", "i.e": "ie",
        "a.m": "am", "p.m": "pm", "async": "asynchronous",
    ]
}
