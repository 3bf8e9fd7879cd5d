// How bytes get to a witness and back: the seam between the publisher and the network.

/// What a witness answered.
package struct WitnessReply: Sendable, Hashable {
    /// The HTTP status.
    package let status: Int
    /// The field Content-Type; empty for none.
    package let mediaType: String
    package let body: [UInt8]

    /// An answer as it came.
    package init(status: Int, mediaType: String, body: [UInt8]) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
    }
}

/// Why nothing came back.
package struct WitnessUnreachable: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// A reason that completes "the witness cannot be asked: …".
    package init(_ description: String) { self.description = description }
}

/// Sends requests to witnesses.
package protocol WitnessTransport: Sendable {
    /// Posts bytes to a URL and reads the whole answer.
    ///
    /// An answer of more than `limit` bytes, or none within `timeout`, is none. Redirects are not
    /// followed: a witness is where the policy says.
    func post(
        _ body: [UInt8], to url: String, limit: Int, timeout: Duration
    ) async throws(WitnessUnreachable) -> WitnessReply
}
