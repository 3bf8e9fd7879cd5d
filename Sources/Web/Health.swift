// Whether the process lives, and whether it can be given work.

internal import CanonicalJSON
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import Synchronization

/// Set once the service is asked to stop.
final class Stopping: Sendable {
    private let flag = Atomic(false)

    /// Whether the service is stopping.
    var isStopping: Bool { flag.load(ordering: .relaxed) }

    /// From now on.
    func begin() { flag.store(true, ordering: .relaxed) }
}

/// The two questions of an orchestrator.
struct HealthRoutes {
    let registry: Registry
    let stopping: Stopping

    var routes: [Route] {
        [.open("/healthz", health), .open("/readyz", readiness)]
    }

    /// Alive, also while halted: restarting would not help, and proofs are still served.
    @Sendable private func health(
        _ request: WebRequest, _ context: Guest
    ) async throws -> Response {
        guard !stopping.isStopping else { throw Self.stoppingProblem }
        return Response(json: [
            "status": "ok",
            "halted": registry.halt.reason.map { .string($0.code.rawValue) } ?? .null,
        ])
    }

    @Sendable private func readiness(
        _ request: WebRequest, _ context: Guest
    ) async throws -> Response {
        guard !stopping.isStopping else { throw Self.stoppingProblem }
        switch await readiness() {
        case .ready: return Response(json: ["status": "ready", "halted": .null])
        case .halted(let reason): throw reason.refusal
        case .catchingUp:
            throw Refusal(.busy, "catching-up", "The log is still being read.")
        case .databaseAway:
            throw Refusal(.busy, "database-unreachable", "The database does not answer.")
        }
    }

    /// A database that takes longer than a probe waits is away.
    private func readiness() async -> Readiness {
        await withTaskGroup(of: Readiness.self) { group in
            group.addTask { await registry.readiness() }
            group.addTask {
                try? await Task.sleep(for: WebLimits.readiness)
                return .databaseAway
            }
            defer { group.cancelAll() }
            return await group.next() ?? .databaseAway
        }
    }

    private static let stoppingProblem = Problem(
        Refusal(.busy, "stopping", "The service is stopping."))
}
