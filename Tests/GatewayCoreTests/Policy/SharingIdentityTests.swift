import Testing

@testable import GatewayCore

@Suite struct SharingIdentityTests {
    @Test func aUserSharesWithNobodyUnlessTheUseCaseSaysSo() {
        let anna = SharingIdentity(.user, user: "anna")
        let ben = SharingIdentity(.user, user: "ben")
        #expect(anna.text != ben.text)
        #expect(SharingIdentity(.user, user: nil).text != anna.text)
        #expect(SharingIdentity(.app, user: "anna").text == SharingIdentity(.app, user: "ben").text)
        #expect(
            SharingIdentity(.team, user: "anna", app: "a", team: "t").text
                == SharingIdentity(.team, user: "ben", app: "b", team: "t").text)
    }

    @Test func theSameNameInAnotherAppIsAnotherUser() {
        #expect(SharingIdentity(.user, user: "1", app: "a").text != SharingIdentity(.user, user: "1", app: "b").text)
        #expect(
            SharingIdentity(.app, user: nil, app: "a", team: "t").text
                != SharingIdentity(.app, user: nil, app: "a").text)
    }

    @Test func noTwoIdentitiesAreWrittenAlike() {
        let names: [String?] = [nil, "-", "1:a", "a", "a -", " ", "3:a -", "\u{e9}", "e\u{301}"]
        var texts: [[UInt8]: SharingIdentity] = [:]
        for sharing in Sharing.allCases {
            for user in names {
                for app in names {
                    for team in names {
                        let identity = SharingIdentity(sharing, user: user, app: app, team: team)
                        let known = texts.updateValue(identity, forKey: Array(identity.text.utf8))
                        #expect(known == nil || known == identity)
                    }
                }
            }
        }
        let (n, users) = (names.count, names.count)
        #expect(texts.count == n + n * n + n * n * users)
    }

    @Test func anEmptyUserIsNone() {
        #expect(SharingIdentity(.user, user: "") == SharingIdentity(.user, user: nil))
    }
}
