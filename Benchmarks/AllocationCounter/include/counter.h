// This library has no functions to call. It replaces malloc and the other functions that allocate memory.
#pragma once
