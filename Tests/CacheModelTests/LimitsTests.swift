import CacheModel
import Testing

/// How the limits relate: a limit that is changed without its relatives fails here and not in the field.
@Suite struct LimitsTests {
    @Test func twoOfTheLargestPayloadsFitIntoAFrame() {
        let entryBytes = Limits.payloadBytes + Limits.promptBytes + Self.largestMetadataBytes
        #expect(2 * Limits.payloadBytes + Limits.promptBytes <= Limits.frameBytes)
        #expect(2 * entryBytes + 4 * Limits.dimensionRange.upperBound <= Limits.frameBytes)
    }

    @Test func aWholeBatchOfLargestVectorsFitsIntoAFrame() {
        let lookupBytes =
            4 * Limits.dimensionRange.upperBound + Limits.namedSourceCount * (Limits.sourceBytes + 1) + 128
        #expect(Limits.batchCount * lookupBytes <= Limits.frameBytes)
    }

    @Test func anyHelloFitsIntoTheBytesLetInBeforeIt() {
        #expect(Limits.clientNameBytes + Limits.tokenBytes + 64 <= Limits.helloBytes)
        #expect(Limits.helloBytes < Limits.frameBytes)
    }

    @Test func oneFrameFitsIntoWhatAConnectionAndTheProcessMayHaveInFlight() {
        #expect(Limits.frameBytes <= Limits.bytesInFlightPerConnection)
        #expect(Limits.bytesInFlightPerConnection <= Limits.bytesInFlight)
        #expect(Limits.requestsInFlightPerConnection <= Limits.lookupQueueCount)
        #expect(Limits.requestsInFlightPerConnection <= Limits.writeQueueCount)
    }

    @Test func aRequestIsNeverLargerThanWhatASearchOrAGroupTakesAtOnce() {
        #expect(Limits.batchCount <= Limits.searchBatchCount)
        #expect(Limits.batchCount <= Limits.groupRows)
        #expect(Limits.frameBytes <= Limits.groupBytes)
    }

    @Test func aBlockOfRowsFillsItsPagesToTheLastByte() {
        #expect((Limits.blockBytes + Self.pageHeaderBytes) % Self.pageBytes == 0)
        // The largest row, with its trailer and the block's header.
        #expect(48 + 4 * Limits.dimensionRange.upperBound + 16 <= Limits.blockBytes)
    }

    /// LMDB keeps at most 131,071 changed pages in a transaction.
    @Test func aGroupStaysBelowTheChangedPagesThatOneTransactionMayHave() {
        let payloadPages = Limits.groupBytes / Self.pageBytes
        // A payload begins on a page of its own at worst; an entry's record, key and tags change a leaf each at worst.
        let rowPages = Limits.groupRows * (1 + 3 + Limits.tagCount)
        let rowBytes = 4 * Limits.dimensionRange.upperBound + 16
        let rowsPerBlock = (Limits.blockBytes - 48) / rowBytes
        let blockPages = (Limits.groupRows / rowsPerBlock + 2) * 16
        #expect(payloadPages + rowPages + blockPages < 131_071)
    }

    @Test func theSmallestStoreHoldsTheLargestEntry() {
        let entryBytes = Limits.payloadBytes + Limits.promptBytes + Self.largestMetadataBytes
            + 4 * Limits.dimensionRange.upperBound
        #expect(2 * entryBytes <= Limits.leastStoreBytes)
        #expect(Limits.leastStoreBytes <= Limits.mapBytes)
    }

    @Test func aGroupCanMakeRoomForAllThatItStores() {
        #expect(Limits.groupRows + Limits.evictionsAhead <= Limits.evictionsPerGroup)
    }

    @Test func theReserveOfTheMapHoldsALargestCommitOfInvalidations() {
        // Each watermark may change a leaf of its own, and the branches above it hardly count.
        #expect(Limits.batchCount * Self.pageBytes + Limits.blockBytes <= Limits.mapReserveBytes)
        #expect(Limits.mapReserveBytes * 1_000 <= Limits.mapBytes)
    }

    @Test func rowNumbersAndCountsFitIntoTheirFields() {
        #expect(Limits.rowsPerNamespace < Int(UInt32.max))
        #expect(Limits.payloadBytes < Int(UInt32.max) && Limits.promptBytes < Int(UInt32.max))
        #expect(Limits.dependencyCount <= 255 && Limits.tagCount <= 255)
        #expect(Limits.neighborsRange.upperBound <= 255)
    }

    @Test func shortTextsFitIntoALengthOfOneByte() {
        for limit in [
            Limits.sourceBytes, Limits.labelBytes, Limits.tagBytes, Limits.contentTypeBytes, Limits.namespaceBytes,
            Limits.modelBytes, Limits.clientNameBytes,
        ] {
            #expect((1...255).contains(limit))
        }
    }

    @Test func everyKeyFitsIntoThe511BytesOfAnLMDBKey() {
        #expect(4 + 1 + Limits.sourceBytes <= 511)
        #expect(4 + 1 + Limits.tagBytes + 8 <= 511)
    }

    @Test func anErrorFitsIntoAFrameManyTimesOver() {
        let errorBytes = Limits.errorMessageBytes + Limits.errorDetailCount * 2 * (Limits.errorDetailBytes + 2)
        #expect(Limits.batchCount * errorBytes <= Limits.frameBytes)
    }

    @Test func theLatestTimestampIsTheEndOfTheYear9999() {
        // 8,000 years after 1970 less 30: 8,030 Gregorian years have 2,932,897 days.
        #expect(Limits.latestTimestampMilliseconds == 2_932_897 * 86_400_000 - 1)
    }

    private static let pageBytes = 4_096
    private static let pageHeaderBytes = 16
    /// Dependencies with labels, tags and the content type, at their longest.
    private static let largestMetadataBytes =
        Limits.dependencyCount * (Limits.sourceBytes + Limits.labelBytes + 4) + Limits.tagCount * (Limits.tagBytes + 1)
        + Limits.contentTypeBytes + 256
}
