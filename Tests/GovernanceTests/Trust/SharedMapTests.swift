import Governance
import Testing

@Suite struct `A map of which copies are cheap` {
    @Test(arguments: [300, 5_000, 40_000])
    func `says what a dictionary says, and copies stay what they were`(count: Int) {
        var random = SystemRandomNumberGenerator()
        var map = SharedMap<Int, Int>()
        var model: [Int: Int] = [:]
        var kept: [(SharedMap<Int, Int>, [Int: Int])] = []
        for step in 0..<count {
            let key = Int.random(in: 0..<(count / 2), using: &random)
            if Int.random(in: 0..<4, using: &random) == 0 {
                map[key] = nil
                model[key] = nil
            } else {
                map[key] = step
                model[key] = step
            }
            if step % (count / 5) == 0 { kept.append((map, model)) }
        }
        for (map, model) in kept + [(map, model)] {
            for key in -1...(count / 2) { #expect(map[key] == model[key]) }
        }
    }

    @Test func `a value that was replaced or removed is not found`() {
        var map = SharedMap<Int, String>()
        for key in 0..<1_000 { map[key] = "old" }
        map[7] = "new"
        map[8] = nil
        #expect(map.firstValue { $0 == "new" } == "new")
        for key in 0..<1_000 where key != 8 { map[key] = "new" }
        #expect(map.firstValue { $0 == "old" } == nil)
        map[3, default: ""] += "er"
        #expect(map[3] == "newer")
    }
}

@Suite struct `Lists of which copies are cheap` {
    @Test func `grow at the end, each for itself, and copies stay what they were`() {
        var random = SystemRandomNumberGenerator()
        var lists = SharedLists<String, Int>()
        var model: [String: [Int]] = [:]
        var kept: [(SharedLists<String, Int>, [String: [Int]])] = []
        for step in 0..<3_000 {
            let key = "key \(Int.random(in: 0..<7, using: &random))"
            lists.append(step, to: key)
            model[key, default: []].append(step)
            if step % 1_000 == 0 { kept.append((lists, model)) }
        }
        for (lists, model) in kept + [(lists, model)] {
            for key in 0..<8 { #expect(lists["key \(key)"] == model["key \(key)"] ?? []) }
            #expect(Set(lists.keys) == Set(model.keys))
        }
    }
}
