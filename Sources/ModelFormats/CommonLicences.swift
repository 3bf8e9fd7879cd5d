// Identifiers of the SPDX licence list that models are published under, in lower case.
//
// Not the whole list: a name that is not here is taken for free text, and contradicts without refusing.

/// Licences whose name has one meaning.
enum CommonLicences {
    /// Identifiers in lower case.
    static let identifiers: Set<String> = [
        "0bsd", "afl-3.0", "agpl-3.0", "agpl-3.0-only", "agpl-3.0-or-later", "apache-2.0",
        "artistic-2.0", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "bsl-1.0",
        "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0",
        "cc-by-nc-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0",
        "cc0-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0", "ecl-2.0",
        "epl-1.0", "epl-2.0", "eupl-1.1", "eupl-1.2", "gfdl-1.3", "gpl-2.0", "gpl-2.0-only",
        "gpl-2.0-or-later", "gpl-3.0", "gpl-3.0-only", "gpl-3.0-or-later", "isc", "lgpl-2.1",
        "lgpl-2.1-only", "lgpl-2.1-or-later", "lgpl-3.0", "lgpl-3.0-only", "lgpl-3.0-or-later",
        "lppl-1.3c", "mit", "mit-0", "mpl-2.0", "ms-pl", "ncsa", "odbl-1.0", "odc-by-1.0",
        "ofl-1.1", "osl-3.0", "pddl-1.0", "postgresql", "unlicense", "wtfpl", "zlib",
    ]
}
