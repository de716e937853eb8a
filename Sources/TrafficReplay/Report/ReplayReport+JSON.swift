import GatewayCore

extension ReplayReport {
    /// For programs. Amounts are whole billionths of a dollar; what nobody knows is null.
    package var json: String {
        let bytes = JSONWriter.object { json in
            json.member("lines", lines)
            json.member("requests", requests)
            json.objectMember("notReplayed") { json in
                json.member("count", problemCount)
                json.arrayMember("first") { json in
                    for problem in problems {
                        json.object {
                            $0.member("line", problem.line)
                            $0.member("reason", problem.reason)
                        }
                    }
                }
            }
            json.member("questions", questions)
            json.member("scopes", scopes)
            json.objectMember("compared") { json in
                json.member("byMeaning", semanticRequests)
                json.member("letterForLetter", exactRequests)
                json.member("notAtAll", bypassedRequests)
            }
            json.member("requestsNotStored", unstoredRequests)
            json.member("requestsWithOwnThreshold", fixedRequests)
            json.member("textsEncoded", encodedTexts)
            json.member("nearPairs", nearPairs)
            json.member("questionsCutAtNeighborLimit", crowdedQuestions)
            json.member("labeledRequests", labeledRequests)
            json.member("labeledPairs", labeledPairs)
            json.objectMember("cost") { json in
                json.member("prices", priceOrigin)
                json.member("spentNanoDollars", spent.count)
                json.member("requestsOfUnknownCost", requestsOfUnknownCost)
                json.member("requestsWithoutTokens", uncountedRequests)
                json.arrayMember("modelsWithoutPrice") { json in
                    for (model, requests) in unpricedModels {
                        json.object {
                            $0.member("model", model)
                            $0.member("requests", requests)
                        }
                    }
                }
            }
            json.arrayMember("outcomes") { json in
                for outcome in outcomes { write(outcome, to: &json) }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ outcome: ReplayOutcome, to json: inout JSONWriter) {
        json.object { json in
            if case .precision = outcome.target {
                json.number("targetPrecision", outcome.value)
            } else {
                json.number("threshold", outcome.value)
            }
            json.member("isPromised", outcome.isPromised)
            json.member("exactHits", outcome.exactHits)
            json.member("semanticHits", outcome.semanticHits)
            json.number("hitRate", outcome.hitRate)
            json.objectMember("vetoed") { json in
                for name in GuardName.allCases { json.member(name.rawValue, outcome.vetoes[name] ?? 0) }
                json.member("improbable", outcome.improbable)
                json.member("labeled", outcome.labeledVetoes)
                json.member("labeledSame", outcome.wrongVetoes)
            }
            json.objectMember("falseHits") { json in
                json.member("labeledHits", outcome.labeledHits)
                json.member("count", outcome.falseHits)
                json.number("share", outcome.falseHitShare)
                json.number("shareAtLeast", outcome.falseHitInterval?.lower)
                json.number("shareAtMost", outcome.falseHitInterval?.upper)
                json.number("estimatedCount", outcome.expectedFalseHits)
                json.arrayMember("first") { json in
                    for hit in outcome.falseHitExamples { Self.write(hit, to: &json) }
                }
            }
            json.member("savedNanoDollars", outcome.saved.count)
            json.number("savedShare", savedShare(outcome))
            json.member("hitsOfUnknownCost", outcome.hitsOfUnknownCost)
        }
    }

    private static func write(_ hit: ReplayOutcome.FalseHit, to json: inout JSONWriter) {
        json.object { json in
            json.member("line", hit.line)
            json.member("storedLine", hit.storedLine)
            json.number("similarity", Double(hit.similarity))
            json.member("prompt", hit.prompt)
            json.member("storedPrompt", hit.storedPrompt)
        }
    }
}

extension JSONWriter {
    /// Six digits after the point; null without a value.
    fileprivate mutating func number(_ name: String, _ value: Double?) {
        guard let value, value.isFinite else { return nullMember(name) }
        // Without the commas that people get.
        member(name, raw: NumberText.fixed(value, digits: 6).utf8.filter { $0 != UInt8(ascii: ",") })
    }
}
