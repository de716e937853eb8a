import Foundation
import PromptMatching

/// `--name value` pairs of the command line.
struct Options {
    var texts = ""
    var pairs = ""
    var embeddings = ""
    /// Prompts by intent, to be trained on and measured beside the pairs, and their embeddings in the file's order.
    var intents: String?
    var intentEmbeddings: String?
    /// How much a pair of intents counts in training, beside 1 of the other pairs.
    var intentWeight: Float?
    var folds = 5
    var seed: UInt64 = 1
    var training = MatcherTraining()
    /// A folder to write weights to, trained on all pairs.
    var output: String?
    /// A folder with weights, of which the time is measured.
    var weights: String?
    /// Prints every pair that asks the same and is vetoed.
    var listsVetoes = false

    struct Usage: Error, CustomStringConvertible {
        let description: String
    }

    init(_ arguments: ArraySlice<String>) throws {
        var arguments = arguments
        while let name = arguments.popFirst() {
            if name == "--list-vetoes" {
                listsVetoes = true
                continue
            }
            guard let value = arguments.popFirst() else { throw Usage(description: "\(name) needs a value") }
            func number<Value: LosslessStringConvertible>(_: Value.Type = Value.self) throws -> Value {
                guard let number = Value(value) else { throw Usage(description: "\(name) \(value) is not a number") }
                return number
            }
            switch name {
            case "--texts": texts = value
            case "--pairs": pairs = value
            case "--embeddings": embeddings = value
            case "--intents": intents = value
            case "--intent-embeddings": intentEmbeddings = value
            case "--intent-weight": intentWeight = try number()
            case "--folds": folds = try number()
            case "--seed": seed = try number()
            case "--hidden": training.adapter?.hiddenCount = try number()
            case "--epochs": training.adapter?.epochCount = try number()
            case "--dropout": training.adapter?.dropout = try number()
            case "--decay": training.adapter?.weightDecay = try number()
            case "--trees": training.boosting.treeCount = try number()
            case "--leaves": training.boosting.leafCount = try number()
            case "--rate": training.boosting.learningRate = try number()
            case "--write": output = value
            case "--weights": weights = value
            default: throw Usage(description: "\(name) is not an option")
            }
        }
        guard !texts.isEmpty, !pairs.isEmpty, !embeddings.isEmpty, (intents == nil) == (intentEmbeddings == nil)
        else {
            throw Usage(
                description: """
                    --texts TEXTS.jsonl --pairs PAIRS.csv --embeddings EMBEDDINGS.npy \
                    [--intents INTENTS.jsonl --intent-embeddings EMBEDDINGS.npy --intent-weight 1] \
                    [--folds 5] [--seed 1] [--write FOLDER] [--weights FOLDER]
                    """)
        }
    }
}
