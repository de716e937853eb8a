extension WebhookMapping.Description {
    /// Mappings that need not be configured, by their names. A configured mapping of the same name takes the place.
    package static let readyMade: [String: Self] = [
        "dbt": dbt, "airflow": airflow, "airflow-assets": airflowAssets, "debezium": debezium(hasSchemas: true),
        "debezium-mysql": debezium(hasSchemas: false), "github": github, "gitlab": gitlab,
    ]

    /// dbt's `run_results.json`: each model, snapshot or seed that was built. Tests and analyses change no data.
    private static var dbt: Self {
        var mapping = Self()
        mapping.items = ["results"]
        mapping.conditions = [
            "status": ["success", "partial success"], "unique_id": ["model.*", "snapshot.*", "seed.*"],
        ]
        mapping.source = "dbt/{unique_id}"
        mapping.version = "{$.metadata.generated_at|time}"
        return mapping
    }

    /// Airflow 2's dataset events, as its REST API lists them, or one of them.
    private static var airflow: Self {
        var mapping = Self()
        mapping.items = ["dataset_events", "$"]
        mapping.source = "{dataset_uri}"
        mapping.version = "{id}"
        return mapping
    }

    /// The same in Airflow 3, where datasets are called assets.
    private static var airflowAssets: Self {
        var mapping = Self()
        mapping.items = ["asset_events", "$"]
        mapping.source = "{uri}"
        mapping.version = "{id}"
        return mapping
    }

    /// Debezium's envelope, alone or in an array, with its schema beside it or without. A bump: neither `ts_ms` nor the
    /// log position grows with every row of every connector.
    private static func debezium(hasSchemas: Bool) -> Self {
        var mapping = Self()
        mapping.within = "payload"
        // Created, updated, deleted, truncated; not `r`, which a snapshot reads.
        mapping.conditions = ["op": ["c", "u", "d", "t"]]
        mapping.source = hasSchemas ? "{source.db}.{source.schema}.{source.table}" : "{source.db}.{source.table}"
        return mapping
    }

    /// A push to the default branch.
    private static var github: Self {
        var mapping = Self()
        mapping.conditions = ["ref": ["refs/heads/{repository.default_branch}"], "deleted": ["false"]]
        mapping.source = "git/{repository.full_name}"
        mapping.label = "{after}"
        mapping.previous = "{before}"
        mapping.conflict = .bump
        mapping.authentication = .github
        return mapping
    }

    /// A push to the default branch; without `checkout_sha` the branch was deleted.
    private static var gitlab: Self {
        var mapping = Self()
        mapping.conditions = [
            "object_kind": ["push"], "ref": ["refs/heads/{project.default_branch}"], "checkout_sha": ["*"],
        ]
        mapping.source = "git/{project.path_with_namespace}"
        mapping.label = "{after}"
        mapping.previous = "{before}"
        mapping.conflict = .bump
        mapping.authentication = .gitlab
        return mapping
    }
}
