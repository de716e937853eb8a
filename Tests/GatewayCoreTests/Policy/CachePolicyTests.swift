import CacheModel
import Testing

@testable import GatewayCore

@Suite struct CachePolicyTests {
    private static let semantic = UseCase(name: "faq", matching: .similarity(0.9))
    private static let policy = CachePolicy(namespace: "default", useCases: [semantic])
    private static let question = CachePolicy.Facts(comparison: .meaning("What is it?"))

    @Test func semanticHitsAreOffUntilAUseCaseSwitchesThemOn() throws {
        let plain = try Self.policy.decision(for: Self.question, RequestDirectives())
        #expect(plain.lookup == .exact(.semanticOff))
        #expect(plain.storing == .yes(.own))
        // A threshold alone switches nothing on.
        #expect(try Self.decision { $0.threshold = 0.5 }.lookup == .exact(.semanticOff))
        let faq = try Self.decision { $0.useCase = "faq" }
        #expect(faq.lookup == .exactAndSemantic(.similarity(0.9), text: "What is it?"))
        #expect(faq.semanticText == "What is it?")
        let stricter = try Self.decision { directives in
            directives.useCase = "faq"
            directives.threshold = 0.97
        }
        #expect(stricter.lookup == .exactAndSemantic(.similarity(0.97), text: "What is it?"))
    }

    @Test func withoutAnEncoderOrForALongQuestionLettersAreCompared() throws {
        var policy = Self.policy
        policy.hasEncoder = false
        var directives = RequestDirectives()
        directives.useCase = "faq"
        #expect(try policy.decision(for: Self.question, directives).lookup == .exact(.noEncoder))
        let long = String(repeating: "x", count: Self.semantic.promptLimitBytes + 1)
        let facts = CachePolicy.Facts(comparison: .meaning(long))
        #expect(try Self.policy.decision(for: facts, directives).lookup == .exact(.longPrompt))
        let picture = CachePolicy.Facts(comparison: .exact(.notOnlyText))
        #expect(try Self.policy.decision(for: picture, directives).lookup == .exact(.exactOnly(.notOnlyText)))
    }

    @Test(arguments: RequestExclusion.allCases)
    func whatWouldNotBeTheSameASecondTimeIsNeitherLookedUpNorStored(_ exclusion: RequestExclusion) throws {
        let facts = CachePolicy.Facts(exclusion: exclusion, comparison: .meaning("x"))
        let decision = try Self.policy.decision(for: facts, RequestDirectives())
        #expect(decision.lookup == .bypass(.excluded(exclusion)))
        #expect(decision.storing == .no(.excluded(exclusion)))
        #expect(!decision.usesCache)
    }

    @Test func cacheControlMeansWhatItMeansElsewhere() throws {
        let noCache = try Self.decision { $0.cacheControl.noCache = true }
        #expect(noCache.lookup == .bypass(.noCache) && noCache.storing == .yes(.own) && noCache.usesCache)
        let noStore = try Self.decision { $0.cacheControl.noStore = true }
        #expect(noStore.lookup == .exact(.semanticOff) && noStore.storing == .no(.noStore))
        let neither = try Self.decision { directives in
            directives.cacheControl.noCache = true
            directives.cacheControl.noStore = true
        }
        #expect(!neither.usesCache)
        #expect(try Self.decision { $0.cacheControl.maximumAgeSeconds = 0 }.lookup == .bypass(.zeroMaximumAge))
        #expect(try Self.decision { $0.cacheControl.maximumAgeSeconds = 60 }.maximumAgeMilliseconds == 60_000)
        #expect(try Self.decision { $0.cacheControl.onlyIfCached = true }.isOnlyIfCached)
    }

    @Test func anUnversionedDependencyIsStoredUnderTheClientsLeaseOnly() throws {
        let lease = Lease(
            position: Position(incarnation: 1, sequence: 2), namespace: namespaceFingerprint("default"))
        for others in [[], [Dependency("b", .ordered(1))]] {
            let without = try Self.decision { $0.dependencies = [Dependency("a")] + others }
            #expect(without.storing == .no(.unversionedDependency))
            #expect(without.lookup == .exact(.semanticOff))
            let with = try Self.decision { directives in
                directives.dependencies = [Dependency("a")] + others
                directives.lease = lease
            }
            #expect(with.storing == .yes(.client(lease)))
        }
    }

    @Test func aLeaseOfTheGatewaysOwnNeverVouchesForDataThatTheClientHasRead() throws {
        #expect(try Self.decision { $0.dependencies = [Dependency("a", .ordered(1))] }.storing == .yes(.none))
        #expect(try Self.decision { $0.dependencies = [Dependency("a", .labelled("x"))] }.storing == .yes(.none))
        #expect(try Self.decision { $0.tags = ["t"] }.storing == .yes(.none))
        #expect(try Self.decision { _ in }.storing == .yes(.own))
    }

    @Test func aLeaseOfAnotherNamespaceIsRefused() throws {
        let lease = Lease(position: .zero, namespace: namespaceFingerprint("other"))
        let error = #expect(throws: GatewayError.self) { try Self.decision { $0.lease = lease } }
        #expect(error?.code == .invalidLease && error?.parameter == "x-semblance-lease")
        let decision = try Self.decision { directives in
            directives.lease = lease
            directives.namespace = "other"
        }
        #expect(decision.namespace == "other")
    }

    @Test func namespacesMayBeRestricted() throws {
        var policy = Self.policy
        policy.allowedNamespaces = ["support"]
        var directives = RequestDirectives()
        for (name, isAllowed) in [("support", true), ("default", true), ("other", false)] {
            directives.namespace = name
            let decision = try? policy.decision(for: Self.question, directives)
            #expect(decision?.namespace == (isAllowed ? name : nil))
        }
    }

    @Test func anUnknownUseCaseIsRefusedAndTheDefaultOneIsAlwaysThere() throws {
        let error = #expect(throws: GatewayError.self) { try Self.decision { $0.useCase = "fag" } }
        #expect(error?.code == .unknownUseCase && error?.message.contains("'faq'") == true)
        #expect(try Self.decision { $0.useCase = "default" }.lookup == .exact(.semanticOff))
    }

    @Test func sampledAnswersMayBeLeftOut() throws {
        var policy = Self.policy
        policy.useCases["default"] = UseCase(name: "default", cachesSampledAnswers: false)
        for (temperature, isCached) in [(nil, false), (0.7, false), (0.0, true)] {
            let facts = CachePolicy.Facts(comparison: .meaning("x"), temperature: temperature)
            #expect(try policy.decision(for: facts, RequestDirectives()).usesCache == isCached)
        }
        let embeddings = CachePolicy.Facts(comparison: .exact(.embeddings))
        #expect(try policy.decision(for: embeddings, RequestDirectives()).usesCache)
    }

    @Test func theDocumentHasEveryReason() throws {
        let documented = try GatewayDocument.rows(below: "| reason | |").flatMap { GatewayDocument.code(in: $0[0]) }
        let reasons = Set(CacheReason.allCases.map(\.text))
        #expect(Set(documented) == reasons)
    }

    private static func decision(_ change: (inout RequestDirectives) -> Void) throws -> CacheDecision {
        var directives = RequestDirectives()
        change(&directives)
        return try policy.decision(for: question, directives)
    }
}
