// What a signature under a request says.

/// The meaning of an approval statement.
package enum ApprovalMeaning: String, Sendable, Hashable, CaseIterable {
    /// The version may be used as the statement limits it.
    case approve
    /// The version may not be used; ends the request for ever.
    case reject
    /// The version may not be used as it is; a further one that answers the comment may be. Ends the
    /// request for ever, as a rejection does, and says that another one is welcome.
    case requestChanges = "request-changes"
    /// The signer takes back what it said; ends the request for ever.
    case withdraw
}
