// Lists by key of which copies are cheap to make and cheap to change, however long one list is.

/// For each key a list that only grows, with value semantics for one writer and many copies.
package struct SharedLists<Key: Hashable & Sendable, Element: Sendable>: Sendable {
    // Each element is a value of its own: a list that were one value would be copied whole to grow.
    private var counts = SharedMap<Key, Int>()
    private var elements = SharedMap<Place, Element>()

    private struct Place: Hashable, Sendable {
        let key: Key
        let number: Int
    }

    package init() {}

    /// The list of a key; empty where there is none.
    package subscript(key: Key) -> [Element] {
        (0..<(counts[key] ?? 0)).compactMap { elements[Place(key: key, number: $0)] }
    }

    /// Every key that has a list, in no order.
    package var keys: [Key] { counts.keys }

    /// Makes the list of a key longer by one.
    package mutating func append(_ element: Element, to key: Key) {
        let number = counts[key] ?? 0
        elements[Place(key: key, number: number)] = element
        counts[key] = number + 1
    }
}
