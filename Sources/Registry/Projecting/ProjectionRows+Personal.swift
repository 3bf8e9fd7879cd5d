// Rows of holds, erasures and disposals.

internal import Cryptography
internal import Database
internal import Governance

extension ProjectionRows {
    func holdPlaced(_ event: HoldPlaced, _ actor: PrincipalID?) -> SQL {
        """
        INSERT INTO \(identifier: schema).hold (id, scope, namespace, reason, actor, placed_at)
        VALUES (\(event.hold), \(event.scope.description), \(event.namespace.description),
                \(event.reason), \(actor?.description ?? "service"), \(at))
        """
    }

    func holdReleased(_ event: HoldReleased) -> SQL {
        """
        UPDATE \(identifier: schema).hold
        SET released_at = \(at), release = \(event.statement.bytes),
            release_reason = \(event.reason)
        WHERE id = \(event.hold)
        """
    }

    func subjectErased(_ event: SubjectErased) -> SQL {
        """
        INSERT INTO \(identifier: schema).erasure
            (subject, statement, document, commitments, kek, at)
        VALUES (\(event.subject.description), \(event.statement.bytes), \(event.document.bytes),
                \(Int64(event.commitments.count)), \(event.key.hex), \(at))
        """
    }

    func documentsDisposed(_ event: DocumentsDisposed) -> SQL {
        """
        INSERT INTO \(identifier: schema).disposal
            (statement, document, version, list, documents, bytes, kept_until, at)
        VALUES (\(event.statement.bytes), \(event.document.bytes), \(event.version.description),
                \(event.list.bytes), \(event.count), \(event.bytes),
                \(SQLTimestamp(event.keptUntil)), \(at))
        """
    }
}
