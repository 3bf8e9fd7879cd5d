// A dictionary of which copies are cheap to make and cheap to change.
//
// The gate takes a copy of all that the log says at each question, while the follower goes on writing.
// Swift's dictionary would then be copied whole at the next change. Here the content lies in levels, the
// newest first, each at most sixteen times as large as the one before; only the smallest is changed in
// place, and a level that is full moves into the next. So a change after a copy duplicates 256 entries
// and not a million. A key that was removed stays as a gravestone until the last level forgets it.

/// A map with value semantics for one writer and many short-lived copies.
package struct SharedMap<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var levels: [[Key: Value?]] = [[:]]

    private static var firstLimit: Int { 256 }
    private static var growth: Int { 16 }

    package init() {}

    /// The value of a key; setting nil removes it.
    package subscript(key: Key) -> Value? {
        get {
            for level in levels {
                if let found = level[key] { return found }
            }
            return nil
        }
        set {
            // With one level there is nothing below that a gravestone would have to hide.
            if let newValue {
                levels[0].updateValue(newValue, forKey: key)
            } else if levels.count == 1 {
                levels[0].removeValue(forKey: key)
            } else {
                levels[0].updateValue(nil, forKey: key)
            }
            if levels[0].count > Self.firstLimit { settle() }
        }
    }

    /// The value of a key, or another one where there is none.
    package subscript(key: Key, default fallback: @autoclosure () -> Value) -> Value {
        get { self[key] ?? fallback() }
        set { self[key] = newValue }
    }

    /// Every key that has a value, in no order.
    package var keys: [Key] {
        levels.enumerated().flatMap { depth, level in
            level.compactMap { key, value -> Key? in
                let isHidden = levels[..<depth].contains { $0[key] != nil }
                return value == nil || isHidden ? nil : key
            }
        }
    }

    /// Any value that meets the condition; looks at every one of them.
    package func firstValue(where condition: (Value) -> Bool) -> Value? {
        for (depth, level) in levels.enumerated() {
            for case (let key, let value?) in level where condition(value) {
                // An older level may hold what a newer one has replaced.
                if levels[..<depth].allSatisfy({ $0[key] == nil }) { return value }
            }
        }
        return nil
    }

    /// Moves every level that is full into the next.
    private mutating func settle() {
        var limit = Self.firstLimit
        var depth = 0
        while levels[depth].count > limit {
            let full = levels[depth]
            levels[depth] = [:]
            if depth + 1 == levels.count { levels.append([:]) }
            let isLast = depth + 2 == levels.count
            if levels[depth + 1].isEmpty, !isLast || full.values.allSatisfy({ $0 != nil }) {
                levels[depth + 1] = full
            } else {
                for (key, value) in full {
                    if isLast, value == nil {
                        levels[depth + 1].removeValue(forKey: key)
                    } else {
                        levels[depth + 1].updateValue(value, forKey: key)
                    }
                }
            }
            depth += 1
            limit *= Self.growth
        }
    }
}
