// What a report says of itself in words: the same in every report of this version.

extension ModelReport {
    static func scope(_ model: ModelName) -> String {
        "Every entry of the log that changed \(model) or one of its versions; the policy packs that "
            + "came into force; the keys and roles of everybody who acted or signed, up to the "
            + "custodians of the trust root; and the log's last count of its entries."
    }

    /// What a report does not prove.
    static let limitations = [
        "It proves what was recorded, not that what was recorded is true of the world: whether data, "
            + "tests and reasons are good is for people to judge.",
        "It shows the log up to the named checkpoint. What was recorded later is not in it, and "
            + "without witnesses a log could show another reader another end.",
        "It is complete as far as its section on completeness says: up to the log's last count of its "
            + "own entries. Between that and the signed head only a gap would show.",
        "Times are those of the service's clock, and those of signers are claims; only the order of "
            + "the entries is proved.",
        "Printed names are what the log holds commitments to, which their salts prove; whose names "
            + "they are is the service's word. An erased or withheld name stays a pseudonym.",
        "It does not contain the model's files, only their digests and the signatures over them; "
            + "personal values of a card are commitments.",
    ]

    /// How a report is checked, step by step.
    static let howToCheck = [
        "Get the trust root from somebody you trust, not from whoever gave you this report, and "
            + "compare its digest.",
        "Run: imprimatur report verify REPORT.json --root ROOT.json. It needs no network.",
        "Or do it with your own program: hash each entry to its leaf hash, follow the proof to the "
            + "root in the checkpoint, verify the checkpoint with the log key of the trust root, "
            + "compare each line with its entry, each document with its name, and each decision with "
            + "what the included policy pack says of the included facts.",
        "A printed page is a rendering: the digest on it names the JSON report that it was made from.",
    ]
}
