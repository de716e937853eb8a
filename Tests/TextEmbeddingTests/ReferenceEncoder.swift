import Foundation

@testable import TextEmbedding

/// The same encoder in double precision, one number at a time, as the formulas read.
struct ReferenceEncoder {
    let model: TinyModel
    var prefix = ""

    private typealias Row = [Double]

    func encode(_ text: TokenSequence) -> [Double] {
        var rows = text.identifiers.enumerated().map { position, identifier in
            (0..<model.hidden).map { index in
                value("embeddings.word_embeddings.weight", Int(identifier), index)
                    + value("embeddings.position_embeddings.weight", position, index)
                    + value("embeddings.token_type_embeddings.weight", 0, index)
            }
        }
        rows = normalized(rows, "embeddings.")
        for layer in 0..<model.layers {
            let name = "encoder.layer.\(layer)."
            let context = attended(rows, name + "attention.self.")
            let attention = linear(context, name + "attention.output.dense")
            rows = normalized(sum(rows, attention), name + "attention.output.")
            let inner = linear(rows, name + "intermediate.dense").map { row in
                row.map { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }
            }
            rows = normalized(sum(rows, linear(inner, name + "output.dense")), name + "output.")
        }
        let mean = (0..<model.hidden).map { index in rows.reduce(0) { $0 + $1[index] } / Double(rows.count) }
        let norm = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return mean.map { $0 / norm }
    }

    private func attended(_ rows: [Row], _ name: String) -> [Row] {
        let queries = linear(rows, name + "query"), keys = linear(rows, name + "key")
        let values = linear(rows, name + "value")
        let size = model.hidden / model.heads
        return rows.indices.map { position in
            (0..<model.hidden).map { index in
                let head = index / size * size..<(index / size + 1) * size
                let scores = rows.indices.map { other in
                    exp(head.reduce(0) { $0 + queries[position][$1] * keys[other][$1] } / Double(size).squareRoot())
                }
                let total = scores.reduce(0, +)
                return rows.indices.reduce(0) { $0 + scores[$1] / total * values[$1][index] }
            }
        }
    }

    private func linear(_ rows: [Row], _ name: String) -> [Row] {
        let columns = shape(name + ".weight")[0]
        return rows.map { row in
            (0..<columns).map { column in
                row.indices.reduce(value(name + ".bias", 0, column)) {
                    $0 + row[$1] * value(name + ".weight", column, $1)
                }
            }
        }
    }

    private func normalized(_ rows: [Row], _ name: String) -> [Row] {
        rows.map { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            return row.indices.map { index in
                (row[index] - mean) / (variance + 1e-12).squareRoot() * value(name + "LayerNorm.weight", 0, index)
                    + value(name + "LayerNorm.bias", 0, index)
            }
        }
    }

    private func sum(_ one: [Row], _ other: [Row]) -> [Row] {
        zip(one, other).map { one, other in zip(one, other).map { $0 + $1 } }
    }

    private func shape(_ name: String) -> [Int] { model.tensors[prefix + name]?.shape ?? [] }

    private func value(_ name: String, _ row: Int, _ column: Int) -> Double {
        guard let tensor = model.tensors[prefix + name] else { return .nan }
        return Double(tensor.values[row * (tensor.shape.last ?? 0) + column])
    }
}

/// The cosine similarity of two vectors.
func cosine<One: Collection<Float>>(_ one: One, _ other: [Double]) -> Double {
    var product = 0.0, squares = 0.0, otherSquares = 0.0
    for (a, b) in zip(one, other) {
        product += Double(a) * b
        squares += Double(a) * Double(a)
        otherSquares += b * b
    }
    return product / (squares * otherSquares).squareRoot()
}
