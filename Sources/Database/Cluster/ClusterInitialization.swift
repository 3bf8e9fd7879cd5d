// Making the data directory, once, and its configuration files, at every start.
internal import Glibc

/// `initdb`, `pg_hba.conf`, `pg_ident.conf` and our part of the settings.
enum ClusterInitialization {
    static func run(
        _ settings: PrivateCluster.Settings, _ layout: ClusterLayout, _ user: SystemUser,
        _ binaries: PostgresBinaries
    ) throws(ClusterError) {
        // made aside and renamed when complete: a crash in the middle leaves no half cluster
        let aside = layout.directory + "/data.new"
        _ = try Subprocess.run(["rm", "-rf", "--", aside], as: user)
        guard FileSystem.entries(of: layout.dataDirectory).isEmpty else {
            throw ClusterError(
                .directoryUnusable, "\(layout.dataDirectory) is not empty and no PostgreSQL data",
                advice: "Choose another data directory, or move what is there.")
        }
        var command = [
            binaries.directory + "/initdb", "--pgdata=\(aside)", "--encoding=UTF8", "--locale=C",
            "--data-checksums", "--auth-local=peer", "--auth-host=reject",
            "--username=\(PrivateCluster.superuser)",
        ]
        if settings.durability == .unsafeTest { command.append("--no-sync") }
        let result = try Subprocess.run(command, as: user)
        guard result.status == 0 else {
            throw ClusterError(
                .initializationFailed, "initdb failed in \(layout.directory)",
                advice: "Read its output below; a full disk is the usual cause.",
                output: result.output.lastLines(12))
        }
        rmdir(layout.dataDirectory)
        guard rename(aside, layout.dataDirectory) == 0 else {
            throw FileSystem.unusable(layout.dataDirectory, "cannot be put in place")
        }
        try writeConfiguration(settings, layout, user)
    }

    static func writeConfiguration(
        _ settings: PrivateCluster.Settings, _ layout: ClusterLayout, _ user: SystemUser
    ) throws(ClusterError) {
        let data = layout.dataDirectory
        try FileSystem.write(
            """
            # Written by imprimatur at every start.
            local all all peer map=imprimatur
            local replication \(PrivateCluster.superuser) peer map=imprimatur

            """, to: data + "/pg_hba.conf", owner: user)
        // who runs the server and who runs the service may be every role: here roles stop bugs
        var names = [user.name]
        let own = try SystemUser.current().name
        if !names.contains(own) { names.append(own) }
        let roles = [PrivateCluster.superuser] + DatabaseRole.login.map(\.rawValue)
        var map = "# Written by imprimatur at every start: map, system user, database role.\n"
        for name in names {
            for role in roles { map += "imprimatur \(quoted(name)) \(role)\n" }
        }
        try FileSystem.write(map, to: data + "/pg_ident.conf", owner: user)
        try FileSystem.write(
            configuration(settings, layout), to: data + "/imprimatur.conf", owner: user)
        let main = FileSystem.read(data + "/postgresql.conf") ?? ""
        let line = "include 'imprimatur.conf'"
        // the line stands last, but ALTER SYSTEM (postgresql.auto.conf) still has the last word
        if !main.contains(line) {
            try FileSystem.write(main + "\n\(line)\n", to: data + "/postgresql.conf", owner: user)
        }
    }

    // pg_ident.conf takes any name in double quotes; a leading slash would start a pattern
    private static func quoted(_ name: String) -> String { "\"\(name)\"" }

    private static func configuration(
        _ settings: PrivateCluster.Settings, _ layout: ClusterLayout
    ) -> String {
        let directory = layout.socketDirectory.split(
            separator: "'", omittingEmptySubsequences: false
        ).joined(separator: "''")
        // Queries here are short, and the hardened unit lets no memory become executable.
        var text = """
            # Written by imprimatur at every start; put your own settings behind the include.
            listen_addresses = ''
            port = \(PrivateCluster.port)
            unix_socket_directories = '\(directory)'
            unix_socket_permissions = 0700
            max_connections = \(settings.maxConnections)
            shared_buffers = '128MB'
            wal_compression = on
            jit = off
            log_line_prefix = '%m [%p] %u@%d '
            log_timezone = 'UTC'
            timezone = 'UTC'

            """
        switch settings.durability {
        case .full:
            text += "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n"
        case .unsafeTest:
            text += "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
            text += "autovacuum = off\n"
        }
        return text
    }
}

extension String {
    /// The last lines, for an error message.
    func lastLines(_ count: Int) -> String {
        split(separator: "\n").suffix(count).joined(separator: "\n")
    }
}
