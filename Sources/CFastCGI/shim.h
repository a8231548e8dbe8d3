#pragma once
// Do not include fcgi_stdio.h: it redefines stdio.
#include <fcgiapp.h>
