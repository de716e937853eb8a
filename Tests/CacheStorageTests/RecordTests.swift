import CacheModel
import CacheStorage
import Testing

/// What the disk gives back is what was written, or an error: never something else, never a trap.
@Suite struct RecordTests {
    private static func outcome(_ sample: RecordSamples.Sample, _ bytes: [UInt8]) -> Result<Bool, CacheError> {
        bytes.withUnsafeBytes { bytes in
            do throws(CacheError) { return .success(try sample.isReadBack(bytes)) } catch { return .failure(error) }
        }
    }

    @Test func everyRecordIsReadBackAsItWasWritten() {
        var samples = RecordSamples(seed: 1)
        for _ in 0..<60 {
            for sample in samples.all() {
                #expect(Self.outcome(sample, sample.bytes) == .success(true), "\(sample.name)")
            }
        }
    }

    @Test func everyTruncatedRecordIsDamaged() {
        var samples = RecordSamples(seed: 2)
        for sample in samples.all() {
            // Every length of short records, every 97th of long ones.
            let step = sample.bytes.count > 1_000 ? 97 : 1
            for count in stride(from: 0, to: sample.bytes.count, by: step) {
                let outcome = Self.outcome(sample, Array(sample.bytes.prefix(count)))
                #expect(throws: CacheError.self, "\(sample.name) of \(count) bytes") { try outcome.get() }
            }
        }
    }

    @Test func everyFlippedBitIsFound() {
        var samples = RecordSamples(seed: 3)
        for sample in samples.all() {
            let step = max(1, sample.bytes.count / 400)
            for position in stride(from: 0, to: sample.bytes.count, by: step) {
                var bytes = sample.bytes
                bytes[position] ^= 1 << UInt8(position % 8)
                guard case .failure(let error) = Self.outcome(sample, bytes) else {
                    Issue.record("a flipped bit in byte \(position) of a \(sample.name) record was not noticed")
                    continue
                }
                #expect(error.code == .storeDamaged)
            }
        }
    }

    /// A checksum keeps damage out, not what a faulty version may have written: such a record must not trap either.
    @Test func aRecordOfTheWrongFormUnderAGoodChecksumDoesNotTrap() {
        var random = SeededGenerator(seed: 4)
        var samples = RecordSamples(seed: 4)
        var refused = 0
        for _ in 0..<100 {
            for sample in samples.all() {
                var content = Array(sample.bytes.dropLast(8))
                switch Int.random(in: 0..<3, using: &random) {
                case 0: content.removeLast(Int.random(in: 0...content.count, using: &random))
                case 1:
                    for _ in 0..<4 where !content.isEmpty {
                        content[Int.random(in: 0..<content.count, using: &random)] = UInt8.random(
                            in: 0...255, using: &random)
                    }
                default:
                    content = (0..<Int.random(in: 0...600, using: &random)).map { _ in
                        .random(in: 0...255, using: &random)
                    }
                }
                var writer = RecordWriter()
                writer.append(contentsOf: content)
                if case .failure(let error) = Self.outcome(sample, writer.sealed(seed: sample.seed)) {
                    #expect(error.code == .storeDamaged)
                    refused += 1
                }
            }
        }
        #expect(refused > 100)
    }

    @Test func aRecordUnderTheKeyOfAnotherIsDamaged() throws {
        var samples = RecordSamples(seed: 5)
        let record = samples.entryRecord()
        record.encoded(EntryIdentifier(7)).withUnsafeBytes { bytes in
            _ = #expect(throws: CacheError.self) { try EntryRecord(decoding: bytes, EntryIdentifier(8)) }
        }
        let settings = NamespaceRecord(name: "a", content: nil, settings: NamespaceSettings())
        settings.encoded(NamespaceIdentifier(1)).withUnsafeBytes { bytes in
            _ = #expect(throws: CacheError.self) { try NamespaceRecord(decoding: bytes, NamespaceIdentifier(2)) }
        }
    }

    @Test func aPayloadThatIsNotOfTheLengthTheEntrySaysIsDamaged() {
        var samples = RecordSamples(seed: 6)
        var record = samples.entryRecord()
        record.promptBytes = 2
        record.payloadBytes = 3
        let entry = EntryIdentifier(1)
        func decodes(_ record: EntryRecord) -> Bool {
            PayloadRecord.encoded(prompt: "ab", payload: [1, 2, 3], entry).withUnsafeBytes { bytes in
                (try? PayloadRecord.decode(bytes, of: record, entry)) != nil
            }
        }
        #expect(decodes(record))
        for (prompt, payload) in [(nil, 3), (2, 2), (2, 4), (3, 3), (1 << 30, 3), (2, 1 << 31)] as [(UInt32?, UInt32)] {
            record.promptBytes = prompt
            record.payloadBytes = payload
            #expect(!decodes(record))
        }
    }

    @Test func aNamespaceRecordWithSettingsOutOfRangeIsDamaged() {
        let identifier = NamespaceIdentifier(1)
        for settings in [
            NamespaceSettings(dimension: Limits.dimensionRange.upperBound + 1),
            NamespaceSettings(dimension: Int(UInt32.max)),
            NamespaceSettings(threshold: 1.5), NamespaceSettings(threshold: .nan),
            NamespaceSettings(timeToLiveMilliseconds: -1),
        ] {
            NamespaceRecord(name: "a", content: nil, settings: settings).encoded(identifier).withUnsafeBytes { bytes in
                _ = #expect(throws: CacheError.self) { try NamespaceRecord(decoding: bytes, identifier) }
            }
        }
    }

    @Test func theDigestNoticesALostAndARevivedWatermark() {
        var digest = WatermarkDigest()
        let records: [([UInt8], [UInt8])] = [([1], [10]), ([2], [20]), ([2], [21]), ([3], [10])]
        for (key, record) in records.prefix(2) { digest.add(key: key, record: record) }
        let before = digest
        digest.remove(key: [2], record: [20])
        digest.add(key: [2], record: [21])
        #expect(digest != before && digest.count == before.count)
        digest.add(key: [3], record: [10])
        #expect(digest.count == before.count + 1)
        digest.remove(key: [3], record: [10])
        digest.remove(key: [2], record: [21])
        digest.add(key: [2], record: [20])
        #expect(digest == before)
        // The same record under another key is another watermark.
        var moved = WatermarkDigest()
        moved.add(key: [1], record: [20])
        moved.add(key: [2], record: [10])
        #expect(moved != before)
    }
}
