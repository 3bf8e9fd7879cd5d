// What an instance does without being asked: counts stated, silence signed, accesses written down.
//
// Every instance looks; the lock on one subject's head row lets one write, and it writes only when it has
// seen every earlier such entry. So two instances neither state the same twice nor go back.

package import CanonicalJSON
internal import Database
package import Governance
internal import Logging
internal import ServiceLifecycle

/// When an instance writes of its own accord.
package struct HousekeepingSettings: Sendable, Hashable {
    /// When counts are stated and heartbeats written.
    package var periods: CompletenessPeriods
    /// For how long refusals are gathered into one entry, in seconds.
    package var refusalSeconds: Int64
    /// For how long reads of entries by one reader are gathered into one entry, in seconds.
    package var readSeconds: Int64

    package init(periods: CompletenessPeriods, refusalSeconds: Int64, readSeconds: Int64) {
        self.periods = periods
        self.refusalSeconds = refusalSeconds
        self.readSeconds = readSeconds
    }

    /// Counts and heartbeats as usual, refusals by the minute, reads by five minutes.
    package static let usual = HousekeepingSettings(
        periods: .usual, refusalSeconds: 60, readSeconds: 300)

    /// The settings as JSON.
    package var json: JSON {
        [
            "mapEntries": .integer(periods.mapEntries),
            "mapSeconds": .integer(periods.mapSeconds),
            "heartbeatSeconds": .integer(periods.heartbeatSeconds),
            "refusalSeconds": .integer(refusalSeconds), "readSeconds": .integer(readSeconds),
        ]
    }

    /// Reads the settings; findings go to the reader.
    package init(reading reader: JSONReader) {
        let seconds: ClosedRange<Int64> = 1...31_536_000
        self.init(
            periods: CompletenessPeriods(
                mapEntries: reader.integer("mapEntries", in: 1...1_000_000),
                mapSeconds: reader.integer("mapSeconds", in: seconds),
                heartbeatSeconds: reader.integer("heartbeatSeconds", in: seconds)),
            refusalSeconds: reader.integer("refusalSeconds", in: seconds),
            readSeconds: reader.integer("readSeconds", in: seconds))
    }
}

/// Does an instance's own writing.
struct Housekeeper: Service {
    let registry: Registry
    let settings: HousekeepingSettings
    let logger: Logger

    /// How often it looks; looking costs no statement.
    private static let interval = Duration.milliseconds(250)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await look()
                try? await Task.sleep(for: Self.interval)
            }
        }
        await self.attempt { try await registry.writeAccesses(settings, all: true) }
    }

    private func look() async {
        await attempt { try await registry.keepAccount(settings.periods) }
        await attempt { try await registry.writeAccesses(settings, all: false) }
    }

    /// What fails now is tried again at the next look.
    private func attempt(_ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
        } catch {
            logger.warning("housekeeping interrupted", metadata: ["error": "\(error)"])
        }
    }
}

extension Registry {
    /// States the counts, or that nothing happened, when it is time for it.
    package func keepAccount(_ periods: CompletenessPeriods) async throws {
        guard halt.reason == nil, follower.bookkeeping(at: clock(), periods) != nil else { return }
        do {
            _ = try await writer.write(
                Request(caller: nil, id: Self.makeID("c-", bytes: 8)),
                Subjects(written: [Subjects.completeness])
            ) { db, now in
                let written = try db.one(
                    "SELECT seq FROM registry.subject WHERE name = \(Subjects.completeness)",
                    as: Int64.self)
                // Another instance may have written since; then what it wrote is to be read first.
                guard let due = follower.bookkeeping(at: now, periods), due.after == written else {
                    throw Self.notDue
                }
                return Act(due.event)
            }
        } catch let refusal as Refusal where refusal == Self.notDue {
            return
        }
        committed.ring()
    }

    private static let notDue = Refusal(
        .conflict, "not-due", "Another instance has written it already.")
}
