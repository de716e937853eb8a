import Foundation
import PromptMatching

let folder = CommandLine.arguments[1]
let texts = try LabeledPairs.texts(jsonLines: Data(contentsOf: URL(fileURLWithPath: folder + "/texts.jsonl")))
let pairs = try LabeledPairs(csv: String(contentsOfFile: folder + "/pairs.csv", encoding: .utf8), texts: texts)
let clock = ContinuousClock()
let start = clock.now
let prompts = texts.map { PromptText($0) }
print("prompt", (clock.now - start) / texts.count)
let s2 = clock.now
var counts: [Guard: (Int, Int)] = [:]
var any = (0, 0)
var total = (0, 0)
for pair in pairs.pairs {
    let p = PromptPair(prompts[pair.first], prompts[pair.second])
    let f = GuardSet.findings(in: p)
    if pair.isSame { total.0 += 1 } else { total.1 += 1 }
    if !f.isEmpty { if pair.isSame { any.0 += 1 } else { any.1 += 1 } }
    for x in f {
        if pair.isSame { counts[x.source, default: (0, 0)].0 += 1 } else { counts[x.source, default: (0, 0)].1 += 1 }
    }
    if CommandLine.arguments.count > 2, pair.isSame, let x = f.first { print(x, "|", texts[pair.first], "|", texts[pair.second]) }
}
print("pair", (clock.now - s2) / pairs.pairs.count)
print(counts, any, total)
