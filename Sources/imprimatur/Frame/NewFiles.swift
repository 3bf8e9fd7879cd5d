// Files that a command makes and never overwrites.

internal import OfflineCommands
internal import Registry

extension Files {
    /// A file that must not exist yet; 0600 when `isSecret`.
    static func create(_ path: String, _ bytes: [UInt8], isSecret: Bool = false) throws {
        do {
            try File.create(path, bytes, mode: isSecret ? 0o600 : 0o644)
        } catch {
            throw CommandError(
                error.description, hint: "Nothing is ever overwritten: choose another name.")
        }
    }
}
