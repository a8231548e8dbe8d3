// Nothing to call: the shared object replaces malloc and its kin.
#pragma once
