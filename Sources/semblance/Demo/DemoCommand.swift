import ArgumentParser
import CacheModel
import CacheServer
import FoundationEssentials
import Logging
import SemblanceClient
import ServiceLifecycle

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Show a service at work on a small sample, step by step.",
        discussion: """
            Starts a service of its own with its data in a temporary folder, and asks it through its socket; every \
            time shown is \
            measured in that run. On a terminal the service then goes on until Control-C, for the commands of the \
            tour to be \
            tried; --keep and --no-keep decide it otherwise.
            """)

    @Option(help: "The folder with the sample. (default: Demo, here or beside the program)") var demoData: String?
    @Option(help: "Where to listen; port 0 is any free one.") var listen = "127.0.0.1:0"
    @Flag(inversion: .prefixedNo, help: "Whether the service goes on after the tour. (default: on a terminal)")
    var keep: Bool?

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/semblance-demo-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let data = try DemoData(directory: demoData)
            var settings = ServeSettings()
            settings.listen = [try ListenAddress(parsing: listen)]
            settings.metricsListen = .off
            settings.data = folder
            let logger = Logger(label: "semblance.demo", factory: { _ in SwiftLogNoOpLogHandler() })
            let service = try await ServiceProcess.open(
                settings, environment: ProcessInfo.processInfo.environment, logger: logger, executable: nil)
            let group = service.group()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                do {
                    try await show(service, data)
                } catch {
                    await group.triggerGracefulShutdown()
                    throw error
                }
                if !isKept { await group.triggerGracefulShutdown() }
                try await tasks.waitForAll()
            }
        } catch {
            ErrorReport(error).print(asJSON: false)
            throw ErrorReport.Exit.failed
        }
    }

    private var isKept: Bool { keep ?? Terminal.output.isTerminal }

    private func show(_ service: ServiceProcess, _ data: DemoData) async throws {
        let address = try await service.server.addresses.first?.description ?? ""
        let output = Terminal.output
        output.line(
            output.colored("Semblance \(ServiceVersion.current)", .bold) + ", at \(address), kernel \(service.kernel)")
        output.line("A question that was answered before, in whatever words, is answered from the cache,")
        output.line("as long as nothing that the answer was built from has changed.")
        var configuration = ClientConfiguration()
        configuration.clientName = "semblance demo"
        configuration.connectionLimit = 1
        let client = try SemblanceClient(address: try ServiceAddress(parsing: address), configuration: configuration)
        var tour = DemoTour(service: client, data: data)
        try await tour.run()
        await client.close()

        output.line()
        let export = "export SEMBLANCE_ADDRESS=\(address) SEMBLANCE_NAMESPACE=\(DemoTour.namespace)"
        if isKept {
            output.line("The service goes on until Control-C. For the commands above, in another terminal:")
            output.line("   " + output.colored(export, .cyan))
        } else {
            output.line("The service has ended. To try the commands above: \(Executable.name) demo --keep")
        }
        output.line("A service of your own, on 127.0.0.1:7707 with its data in ./var/semblance:")
        output.line("   " + output.colored("\(Executable.name) serve", .cyan))
        output.line(
            "   " + output.colored("\(Executable.name) import \(data.support) --namespace support", .cyan))
    }
}
