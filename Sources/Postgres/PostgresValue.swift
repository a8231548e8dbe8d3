/// A PostgreSQL type that Millrace uses, with its fixed object ids (`pg_type.dat`).
package struct PostgresType: Sendable, Hashable {
    let oid: UInt32
    let arrayOID: UInt32

    package static let bool = PostgresType(oid: 16, arrayOID: 1000)
    package static let bytea = PostgresType(oid: 17, arrayOID: 1001)
    package static let int8 = PostgresType(oid: 20, arrayOID: 1016)
    package static let int2 = PostgresType(oid: 21, arrayOID: 1005)
    package static let int4 = PostgresType(oid: 23, arrayOID: 1007)
    package static let text = PostgresType(oid: 25, arrayOID: 1009)
    package static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
    package static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
}

/// A parameter of a statement in PostgreSQL's binary format, which needs no escaping and no parsing.
package struct PostgresValue: Sendable, Hashable {
    let oid: UInt32
    /// The value in binary format; `nil` for NULL.
    let bytes: [UInt8]?

    init(oid: UInt32, bytes: [UInt8]?) {
        self.oid = oid
        self.bytes = bytes
    }

    package static func null(_ type: PostgresType) -> PostgresValue { PostgresValue(oid: type.oid, bytes: nil) }

    package static func bool(_ value: Bool) -> PostgresValue {
        PostgresValue(oid: PostgresType.bool.oid, bytes: [value ? 1 : 0])
    }

    package static func int2(_ value: Int16) -> PostgresValue {
        PostgresValue(oid: PostgresType.int2.oid, bytes: bigEndian(value))
    }

    package static func int4(_ value: Int32) -> PostgresValue {
        PostgresValue(oid: PostgresType.int4.oid, bytes: bigEndian(value))
    }

    package static func int8(_ value: Int64) -> PostgresValue {
        PostgresValue(oid: PostgresType.int8.oid, bytes: bigEndian(value))
    }

    package static func text(_ value: String) -> PostgresValue {
        PostgresValue(oid: PostgresType.text.oid, bytes: Array(value.utf8))
    }

    package static func bytea(_ value: [UInt8]) -> PostgresValue {
        PostgresValue(oid: PostgresType.bytea.oid, bytes: value)
    }

    /// - Parameter value: 16 bytes.
    package static func uuid(_ value: [UInt8]) -> PostgresValue {
        PostgresValue(oid: PostgresType.uuid.oid, bytes: value)
    }

    /// - Parameter value: microseconds since 1970.
    package static func timestamptz(_ value: Int64) -> PostgresValue {
        PostgresValue(oid: PostgresType.timestamptz.oid, bytes: bigEndian(value - microsecondsFrom1970To2000))
    }
}

/// The offset of PostgreSQL's times, which count from 2000-01-01.
let microsecondsFrom1970To2000: Int64 = 946_684_800_000_000

func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}
