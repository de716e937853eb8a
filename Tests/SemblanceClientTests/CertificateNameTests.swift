import Testing

@testable import SemblanceClient

/// Which names a certificate is for.
@Suite struct CertificateNameTests {
    @Test(arguments: [
        ("cache.test", "cache.test"), ("Cache.TEST", "cache.test"), ("cache.test", "cache.test."),
        ("cache.test.", "cache.test"), ("*.cache.test", "a.cache.test"), ("*.cache.test", "A.Cache.Test"),
        ("localhost", "localhost"),
    ])
    func aNameOrOneForItsFirstLabelMatches(_ pattern: String, _ name: String) {
        #expect(CertificateNameCheck.matches(pattern, name))
    }

    @Test(arguments: [
        ("cache.test", "other.test"), ("cache.test", "a.cache.test"), ("*.cache.test", "cache.test"),
        ("*.cache.test", ".cache.test"), ("*.cache.test", "a.b.cache.test"), ("*.test", "cache.test"),
        ("*", "cache.test"), ("*.", "cache."), ("a*.cache.test", "ab.cache.test"), ("", ""), (".", "."),
        ("cache.test\u{0}.other", "cache.test"), ("127.0.0.1", "127.0.0.2"),
    ])
    func othersDoNot(_ pattern: String, _ name: String) { #expect(!CertificateNameCheck.matches(pattern, name)) }
}
