#pragma once
#include <libpq-fe.h>

// Values of macros that Swift does not import (postgres_ext.h: PG_DIAG_…).
static inline int millrace_diag_sqlstate(void) { return PG_DIAG_SQLSTATE; }
static inline int millrace_diag_message_primary(void) { return PG_DIAG_MESSAGE_PRIMARY; }
static inline int millrace_diag_source_function(void) { return PG_DIAG_SOURCE_FUNCTION; }
