// This library has no functions to call: it replaces malloc and the like.
#pragma once
