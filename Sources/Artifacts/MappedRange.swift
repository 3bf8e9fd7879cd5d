// A part of a file as memory.

import Cryptography
import Glibc

/// Part of a file, mapped for reading; unmapped when it goes out of use.
///
/// Its bytes may be touched by `SHA256Stream.updateMapped` only: another process may cut the file
/// short at any time, and what is touched then is a bus error.
struct MappedRange: ~Copyable {
    private let start: UnsafeMutableRawPointer
    private let length: Int
    /// How far the range begins behind a page's beginning.
    private let lead: Int

    /// Nil when the system does not map it.
    init?(_ descriptor: borrowing Descriptor, _ range: Range<Int64>) {
        lead = Int(range.lowerBound % Int64(Self.page))
        length = lead + range.count
        let address = mmap(
            nil, length, PROT_READ, MAP_SHARED, descriptor.number,
            off_t(range.lowerBound) - off_t(lead))
        guard let address, address != MAP_FAILED else { return nil }
        start = address
    }

    deinit {
        munmap(start, length)
    }

    private static let page = sysconf(Int32(_SC_PAGESIZE))

    /// The bytes at these places of the range.
    borrowing func bytes(_ part: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start + lead + part.lowerBound, count: part.count)
    }

    /// Whether all of it is in memory already; at most a window is asked at a time.
    ///
    /// The system says yes for files that are not ours to write, which reads them through the cache.
    borrowing func isResident(_ part: Range<Int>) -> Bool {
        let first = (lead + part.lowerBound) / Self.page * Self.page
        let count = lead + part.upperBound - first
        let pages = (count + Self.page - 1) / Self.page
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: pages) { pages in
            mincore(start + first, count, pages.baseAddress) == 0
                && pages.allSatisfy { $0 & 1 == 1 }
        }
    }

    /// Whether at least half of some pages, spread over the range from `place` on, are not in memory.
    borrowing func isMostlyAbsent(from place: Int) -> Bool {
        let samples = 16
        let rest = length - lead - place
        var absent = 0
        for sample in 0..<samples {
            let first = place + rest / samples * sample
            if !isResident(first..<min(first + 1, length - lead)) { absent += 1 }
        }
        return 2 * absent >= samples
    }
}
