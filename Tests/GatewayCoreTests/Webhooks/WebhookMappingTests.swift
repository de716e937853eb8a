import CacheModel
import Testing

@testable import GatewayCore

@Suite struct WebhookMappingTests {
    @Test func everyReadyMadeMappingOfTheDocumentIsThere() throws {
        let rows = try GatewayDocument.rows(below: "| mapping | reads | source | version |")
        #expect(
            Set(rows.map { GatewayDocument.code(in: $0[0]).joined() }) == Set(WebhookMapping.Description.readyMade.keys)
        )
        for row in rows {
            let description = WebhookMapping.Description.readyMade[GatewayDocument.code(in: row[0]).joined()]
            #expect(description?.source == GatewayDocument.code(in: row[2]).joined())
        }
        for (name, description) in WebhookMapping.Description.readyMade {
            #expect(throws: Never.self) { try WebhookMapping(name: name, description) }
        }
    }

    @Test func dbtTellsWhatWasBuilt() throws {
        let body = #"""
            {"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
            "dbt_version": "1.9.1", "generated_at": "2026-03-01T12:00:00.123456Z", "invocation_id": "5f…", "env": {}},
            "results": [
            {"status": "success", "timing": [], "unique_id": "model.shop.orders", "failures": null, "message": "OK"},
            {"status": "error", "unique_id": "model.shop.refunds"},
            {"status": "success", "unique_id": "snapshot.shop.prices"},
            {"status": "pass", "unique_id": "test.shop.not_null_orders_id.1"},
            {"status": "success", "unique_id": "model.shop.orders"}],
            "elapsed_time": 12.5, "args": {}}
            """#
        #expect(
            try Self.read("dbt", body) == [
                Invalidation(source: "dbt/model.shop.orders", change: .version(1_772_366_400_123_456)),
                Invalidation(source: "dbt/snapshot.shop.prices", change: .version(1_772_366_400_123_456)),
            ])
    }

    @Test func airflowTellsItsEvents() throws {
        let body = #"""
            {"dataset_events": [{"id": 17, "dataset_id": 3, "dataset_uri": "s3://lake/orders", "extra": {},
            "source_dag_id": "load", "timestamp": "2026-03-01T12:00:00+00:00"},
            {"id": 18, "dataset_uri": "s3://lake/refunds"}], "total_entries": 2}
            """#
        let expected = [
            Invalidation(source: "s3://lake/orders", change: .version(17)),
            Invalidation(source: "s3://lake/refunds", change: .version(18)),
        ]
        #expect(try Self.read("airflow", body) == expected)
        #expect(try Self.read("airflow", #"{"id": 17, "dataset_uri": "s3://lake/orders"}"#) == [expected[0]])
        #expect(
            try Self.read("airflow-assets", #"{"asset_events": [{"id": 17, "uri": "s3://lake/orders"}]}"#) == [
                expected[0]
            ])
    }

    @Test func debeziumTellsWhichTableChanged() throws {
        let envelope = #"""
            {"before": null, "after": {"id": 1}, "source": {"version": "2.7.0.Final", "connector": "postgresql",
            "ts_ms": 1559033904863, "db": "shop", "schema": "public", "table": "orders", "lsn": 24023128},
            "op": "c", "ts_ms": 1559033904961}
            """#
        let orders = [Invalidation(source: "shop.public.orders", change: .bump)]
        #expect(try Self.read("debezium", envelope) == orders)
        #expect(try Self.read("debezium", #"{"schema": {"type": "struct"}, "payload": \#(envelope)}"#) == orders)
        #expect(
            try Self.read("debezium", #"[{"payload": \#(envelope)}, \#(envelope), null, {"payload": null}]"#) == orders)
        // A snapshot reads, and a heartbeat has no operation.
        #expect(try Self.read("debezium", envelope.replacing(#""op": "c""#, with: #""op": "r""#)) == [])
        #expect(try Self.read("debezium", #"{"ts_ms": 1559033904961}"#) == [])
        let mysql = #"{"source": {"db": "shop", "table": "orders"}, "op": "d"}"#
        #expect(try Self.read("debezium-mysql", mysql) == [Invalidation(source: "shop.orders", change: .bump)])
    }

    @Test func aPushToTheDefaultBranchIsALabelForTheRepository() throws {
        let push = #"""
            {"ref": "refs/heads/main", "before": "6113728f", "after": "0d1a26e6", "deleted": false,
            "repository": {"full_name": "octo/docs", "default_branch": "main"}, "commits": []}
            """#
        let change = Invalidation(source: "git/octo/docs", change: .label("0d1a26e6", replacing: .label("6113728f")))
        let requests = try Self.requests("github", push)
        #expect(requests == [InvalidationRequest(change, conflict: .bump)])
        #expect(try Self.read("github", push.replacing("heads/main", with: "heads/topic")) == [])
        #expect(try Self.read("github", push.replacing("false", with: "true")) == [])
        #expect(try Self.read("github", #"{"zen": "Keep it logically awesome.", "hook_id": 1}"#) == [])

        let gitLab = #"""
            {"object_kind": "push", "ref": "refs/heads/main", "before": "6113728f", "after": "0d1a26e6",
            "checkout_sha": "0d1a26e6", "project": {"path_with_namespace": "octo/docs", "default_branch": "main"}}
            """#
        #expect(try Self.read("gitlab", gitLab) == [change])
        #expect(
            try Self.read("gitlab", gitLab.replacing(#""checkout_sha": "0d1a26e6""#, with: #""checkout_sha": null"#))
                == [])
        #expect(try Self.read("gitlab", #"{"object_kind": "tag_push"}"#) == [])
    }

    @Test func anItemThatCountsAndLacksSomethingRefusesAll() throws {
        let body = #"{"dataset_events": [{"id": 1, "dataset_uri": "a"}, {"id": 2}]}"#
        let error = #expect(throws: GatewayError.self) { try Self.read("airflow", body) }
        #expect(error?.code == .invalidRequest && error?.parameter == "dataset_events[1]")
        for version in ["1.5", #""x""#, "null", "{}", "-1", "18446744073709551616", "true"] {
            let error = #expect(throws: GatewayError.self) {
                try Self.read("airflow", #"{"id": \#(version), "dataset_uri": "a"}"#)
            }
            #expect(error?.code == .invalidRequest)
        }
        #expect(throws: GatewayError.self) { try Self.read("airflow", #"{"id": 1, "dataset_uri": ""}"#) }
        let long = String(repeating: "x", count: 256)
        #expect(throws: GatewayError.self) { try Self.read("airflow", #"{"id": 1, "dataset_uri": "\#(long)"}"#) }
        let missing = #expect(throws: GatewayError.self) { try Self.read("dbt", #"{"nodes": []}"#) }
        #expect(missing?.parameter == "results")
        #expect(throws: GatewayError.self) { try Self.read("dbt", "7") }
        #expect(throws: GatewayError.self) {
            try Self.read(
                "dbt",
                #"{"results": [{"status": "success", "unique_id": "model.a"}], "metadata": {"generated_at": "today"}}"#)
        }
    }

    @Test(arguments: [
        ("source", "{"), ("source", "}"), ("source", "{}"), ("source", "{a..b}"), ("source", "{a|upper}"),
        ("source", ""),
        ("source", "{a.$}"), ("source", String(repeating: "x", count: 1_025)), ("version", "{a"), ("previous", "{b}"),
        ("items", ""), ("items", "a..b"), ("within", "."), ("where", ""),
    ])
    func aDescriptionThatCannotBeReadSaysWhichKey(_ key: String, _ text: String) {
        var description = WebhookMapping.Description()
        description.source = "s"
        switch key {
        case "source": description.source = text
        case "version": description.version = text
        case "previous": description.previous = text
        case "items": description.items = [text]
        case "within": description.within = text
        default: description.conditions = [text: ["x"]]
        }
        let problem = #expect(throws: WebhookMapping.Problem.self) { try WebhookMapping(name: "m", description) }
        #expect(problem?.key == key)
    }

    @Test func bracesAreWrittenTwiceAndNamespacesMayComeFromTheBody() throws {
        var description = WebhookMapping.Description()
        description.source = "{{x}}/{a.b}{c}"
        description.namespace = "t-{$.tenant}"
        description.items = ["$.list"]
        let mapping = try WebhookMapping(name: "m", description)
        let requests = try mapping.invalidations(
            JSONDocument(#"{"tenant": 7, "list": {"a": {"b": "y"}, "c": true}}"#).root)
        #expect(requests == [InvalidationRequest(namespace: "t-7", Invalidation(source: "{x}/ytrue", change: .bump))])
    }

    @Test func newsOfDifferentNamespacesIsToldApart() throws {
        var description = WebhookMapping.Description()
        description.source = "{s}"
        description.namespace = "{n}"
        let mapping = try WebhookMapping(name: "m", description)
        let body = #"[{"s":"a","n":"x"},{"s":"a","n":"y"},{"s":"a","n":"x"}]"#
        #expect(try mapping.invalidations(JSONDocument(body).root).map(\.namespace) == ["x", "y"])
    }

    private static func requests(_ name: String, _ body: String) throws -> [InvalidationRequest] {
        let description = try #require(WebhookMapping.Description.readyMade[name])
        return try WebhookMapping(name: name, description).invalidations(JSONDocument(body).root)
    }

    private static func read(_ name: String, _ body: String) throws -> [Invalidation] {
        try requests(name, body).map(\.invalidation)
    }
}
