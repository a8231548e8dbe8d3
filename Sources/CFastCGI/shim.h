#pragma once
// Never fcgi_stdio.h: it redefines stdio.
#include <fcgiapp.h>
