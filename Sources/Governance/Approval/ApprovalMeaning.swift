// What a signature under a request says.

/// The meaning of an approval statement.
package enum ApprovalMeaning: String, Sendable, Hashable, CaseIterable {
    /// The version may be used as the statement limits it.
    case approve
    /// The version may not be used; ends the request for ever.
    case reject
    /// The signer takes back what it said; ends the request for ever.
    case withdraw
}
