// Two modules call something `Request`; here each gets a name of its own.

internal import struct Registry.Request

/// A request as the registry's use cases see it.
typealias GovernedRequest = Request
