#pragma once
#include <libpq-fe.h>

// A macro's value, which Swift does not import (postgres_ext.h: PG_DIAG_SQLSTATE).
static inline int millrace_diag_sqlstate(void) { return PG_DIAG_SQLSTATE; }
