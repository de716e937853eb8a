enum CommonWords {
    static func isStrange(_ token: Token) -> Bool { false }
}
