// Time stamps: somebody's signed word that bytes existed at a moment.
//
// Specification: RFC 3161, a DER TimeStampResp with its token. The token's own time is where its
// signer's certificates must have been valid: an authority whose certificate has run out since then
// was still right then. The hash is SHA-256, SHA-384 or SHA-512.

internal import COpenSSL

/// A time stamp that nobody has checked yet.
package final class TimestampToken: Sendable {
    /// When, in seconds since 1970, the authority says that it saw the bytes.
    package let time: Int64
    private let handle: TimestampHandle

    /// Reads a response; throws `badInput` when there is no token of a strong hash in it.
    package init(der: [UInt8]) throws(CryptographyError) {
        defer { ErrorQueue.clear() }
        let (pointer, rest) = der.withUnsafeBufferPointer { bytes in
            var position = bytes.baseAddress
            let pointer = d2i_TS_RESP(nil, &position, bytes.count)
            let read = position.map { $0 - (bytes.baseAddress ?? $0) } ?? 0
            return (pointer, bytes.count - read)
        }
        handle = TimestampHandle(
            owning: try require(pointer, "The time stamp cannot be read.", .badInput))
        guard rest == 0, let info = TS_RESP_get_tst_info(handle.pointer) else {
            throw CryptographyError(.badInput, "The time stamp carries no token.")
        }
        let hash = shim_timestamp_hash(info)
        guard [NID_sha256, NID_sha384, NID_sha512].contains(hash) else {
            throw CryptographyError(.badInput, "The time stamp is over a weak hash.")
        }
        time = shim_seconds(TS_TST_INFO_get_time(info))
        guard time != .min else {
            throw CryptographyError(.badInput, "The time stamp states no time.")
        }
    }

    /// Whether an authority below one of the anchors has stamped these bytes.
    package func verify(
        over bytes: [UInt8], anchors: [Certificate], intermediates: [Certificate]
    ) -> Bool {
        defer { ErrorQueue.clear() }
        let trusted: [OpaquePointer?] = anchors.map(\.handle.pointer)
        let others: [OpaquePointer?] = intermediates.map(\.handle.pointer)
        return shim_verify_timestamp(
            handle.pointer, bytes, bytes.count, time, trusted, trusted.count, others, others.count)
            == 1
    }
}

/// Owns a TS_RESP and frees it once.
private final class TimestampHandle: @unchecked Sendable {  // only read once it is made
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        TS_RESP_free(pointer)
    }
}
