internal import CPostgres

/// The result of one statement. Its rows are in PostgreSQL's binary format. A value is decoded each time the caller
/// asks for it.
package final class PostgresResult {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    package var rowCount: Int { Int(PQntuples(result)) }

    /// Number of rows that an INSERT, UPDATE or DELETE affected.
    package var affectedRows: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    package func isNull(_ row: Int, _ column: Int) -> Bool {
        PQgetisnull(result, CInt(row), CInt(column)) == 1
    }

    /// Calls `body` with the bytes of a value. Returns `nil` if the value is NULL.
    package func withBytes<Value>(
        _ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value? {
        guard !isNull(row, column), let start = PQgetvalue(result, CInt(row), CInt(column)) else { return nil }
        return body(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, CInt(row), CInt(column)))))
    }

    package func bytes(_ row: Int, _ column: Int) -> [UInt8]? {
        withBytes(row, column) { Array($0) }
    }

    package func text(_ row: Int, _ column: Int) -> String? {
        withBytes(row, column) { String(decoding: $0, as: UTF8.self) }
    }

    /// A value of type `smallint`, `integer` or `bigint`.
    package func integer(_ row: Int, _ column: Int) -> Int? {
        withBytes(row, column) { bytes in
            guard let first = bytes.first else { return 0 }
            // The first byte has the sign.
            return bytes.dropFirst().reduce(Int(Int8(bitPattern: first))) { $0 << 8 | Int($1) }
        }
    }

    package func bool(_ row: Int, _ column: Int) -> Bool? {
        withBytes(row, column) { $0.first == 1 }
    }

    /// A `timestamptz` in microseconds since 1970.
    package func time(_ row: Int, _ column: Int) -> Int64? {
        integer(row, column).map { Int64($0) + microsecondsFrom1970To2000 }
    }
}
