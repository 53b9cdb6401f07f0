/* Whose credentials can be verified: the one list. */
#pragma once

/* X(SYMBOL, name in Provider=, where its API is) */
#define PROVIDERS(X)                                                                               \
    X(NONE, "none", "")                                                                            \
    X(ELEVENLABS, "elevenlabs", "https://api.elevenlabs.io")                                       \
    X(DEEPGRAM, "deepgram", "https://api.deepgram.com")                                            \
    X(OPENAI, "openai", "https://api.openai.com")                                                  \
    X(ANTHROPIC, "anthropic", "https://api.anthropic.com")                                         \
    X(GOOGLE, "google", "https://generativelanguage.googleapis.com")                               \
    X(TWILIO, "twilio", "https://api.twilio.com")                                                  \
    X(HTTP, "http", "")

#define X(symbol, ...) PROVIDER_##symbol,
enum provider { PROVIDERS(X) };
#undef X

const char *provider_name(enum provider provider);
const char *provider_base_url(enum provider provider); /* "": it has none of its own */
