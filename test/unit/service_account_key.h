/* Made for this test; the signatures beside it are openssl's. */
#pragma once

#define TEST_PEM_IN_JSON \
    "-----BEGIN PRIVATE KEY-----\\n" \
    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCg+CZvWjQ7xAey\\n" \
    "+gooxEhscV1c3a4HQl3nQu+M7SvPM3rzc451i/xtQkvaEMGat+LsgBnQEKxRMiSR\\n" \
    "/1vfriymwa7BLCkVhvPY93sJwrGWLizRkGyh0c61ZlO9mLNY1lFbTiQJBkdMsA4c\\n" \
    "WGTNeWuvMGOpj2FqN85RIbc897bJ712o/h2OHk7ESgDx95KDv6DPDQcUv8iY0Ans\\n" \
    "/QW7/aq52+pPNP84GZKK1rAPCX08qCTjZz93zTh+fhnzIeNJtszwOIn8+T+XKQdd\\n" \
    "9HBJiya5RrTfrLzXBAsmxHAl8joXMtgdBtiS9ZpyrnU5dNUKfdTj+gpkdnVeU4b5\\n" \
    "2Jplaf51AgMBAAECggEACKvVeWiLXJZx/VSceRdTX3Dr7c8mfmjQ1JICg/DyzAKi\\n" \
    "vCKcqTBiGyPX7WaIFDGVUKNfjWaYiCpo74R2CokNCetwSO+vQ7DO/TOEgtrkfiNj\\n" \
    "ceNgNrqUP0L35KrCxPJZ1GiGzTjaKZ0CS/yaN+3M8Aig4pPausIVPY5qmvPGx2Ul\\n" \
    "OL410IC0GAoMSpLHAzfda8t5JPD2TLE9pmNwQ7n+Rocte9744VSOe5i2nmOZzGug\\n" \
    "V89ceJmf1WDs+ZMeaGQsHrK1Kp4WwwcyCKP8Z42RSodfhX1YboRKU3EoxIb2+pFP\\n" \
    "bOjPqV490P44En+L/sg/c9147IBjXC45bnA04w/dsQKBgQDhIX4ecGiiCt2gstlD\\n" \
    "0e+uaN/YqM3IxPO55Vs91b+fujJD8Ob/9wVpGG+USSIWG7yr+YWseCa9dqmaEa+e\\n" \
    "0lf48GHYj8/dbAloLja6yJLUpzjN5yDpFcPWqy195qWb97fA8gMRlp5wEV4YBKPg\\n" \
    "DQpLeAGjEVvGzTIlrR6NlHU95wKBgQC3CniAdOQKLunFQXLFh3zyE2OG6l8OU4RQ\\n" \
    "owVdzQSkOXOkLMnpMDWlwIsHxDwVn1ZUhh/qP8Yfckg707/FSPLzHepAnbZdY3vW\\n" \
    "421J7YndlB+e6tnT8FxlHWsEZfQhLGVskovUDdZxCMmWLbVlL/X0ynXSrMBPy26X\\n" \
    "UT+ybld9QwKBgFBlkZB1PCiCENuOgyBBHIMAWNAamEKWcyNz0L2oU6JK8CBrK1NF\\n" \
    "d90sKMyfwVh710ji9uW8krkeYzruDfV90ITJ82dPFEBSkJlvx4O0lRr0DMkbPRl/\\n" \
    "+Ev1HW3UrFeigzCYPJhPXY1P5nZVUeB1R7Pjy1HcpRW9uabSyBJvbd8JAoGAGPUs\\n" \
    "iRdnIJxU87iA1b4rozZRk8vROjrZB8WyrZ+OynWq9u/EeC9CoV8nld+D8c7QDqZb\\n" \
    "I62ebhs/DilJNLVFqzChCD545zLxZ9OKy1HAQp430YtkOCnF72Obe/YK25saGTvC\\n" \
    "JR/d5Xu1QOzqlul7N+2DMz6q2jZ61dcWQFYbR9ECgYBURIO7Bv2vVImSwrpgNQwm\\n" \
    "6VdXweuSWw52JTTyypIIjS82j1DQ955NjtMYSkmwY6gjoYXzPWO799IqWIPRUaH2\\n" \
    "kzFzSzN0SpjA7iMPLGN4lkt7UxRaYvqBR3zCczZvgJjkIEwkaWKzbRDlc+p/LZS8\\n" \
    "0xRhGWiqt6F8D4HeflFYmg==\\n" \
    "-----END PRIVATE KEY-----\\n"

/* Of the text `voxkeeper`. */
#define TEST_SIGNATURE \
    "I1owBEZD2b_HHIubdAcJ6J8h3Qc-Yw4g_Ajdn_PLNm9IfUpiwZZ2jjEO54V59Oxk7X-vm4oGrnrNOnXo" \
    "0R7uGOC67nl3yhDGAhPryR8whqM86rLCiwidMeJ5GNxy130jxFzuWKQzMwHmDL-bjSGEFt7jFtFTtwe_" \
    "lKwitV5iLniniPQhxQFQAA_7oYq4gFmF9mlkiFo_WTAMpSxtvsMtZ5NWSeD-ICFxmy13gRhBmhtz27K9" \
    "ONuJEIyw2dCH-Rb-M2D7h9esAWLXh8ol7XuQ7dIVs2zQFbdl_hZ_DdJUr0ou8-u-153Kn_QGb8NMhEXb" \
    "9St39b7Ox-KxrzKbp4tPUQ"

/* Of voice@agents.iam.gserviceaccount.com, key f00d, at 1750000000. */
#define TEST_ASSERTION \
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImYwMGQifQ.eyJpc3MiOiJ2b2ljZUBhZ2Vud" \
    "HMuaWFtLmdzZXJ2aWNlYWNjb3VudC5jb20iLCJzY29wZSI6Imh0dHBzOi8vd3d3Lmdvb2dsZWFwaXMuY" \
    "29tL2F1dGgvY2xvdWQtcGxhdGZvcm0iLCJhdWQiOiJodHRwczovL29hdXRoMi5nb29nbGVhcGlzLmNvb" \
    "S90b2tlbiIsImlhdCI6MTc0OTk5OTk3MCwiZXhwIjoxNzUwMDAwMzAwfQ.mzk3SzvfKwxAntVA6iSBXg" \
    "-Zq9_296Jv5Zj3VIll9L-9-4Kzz9er8qWzf6EfAVzi-y2Cp5eOI5VJSgPjwJDJWcXdiBms6imTCpK55k" \
    "TP3fYBzFgYOrhp-CslfbUlbOvLR-p5x4pLTfKdWjgtmVMuEpcMEz1n0zdM_njkRlG3l254wTb27aYnGG" \
    "Bt3gpVdWYFgnZeV6bUMp-CBRVmWP3j9HAYs__RGtplTE8DLgDHZ4dg1HqWHOgXks8FIpGWvQdDEl7CMy" \
    "fRnHs41GxL6UGvhInfJvXOlFXVAnvGv4yEQpR21HhrWPsRGU3I78acrmFVGDyeGE0gR36ZCWGIm29eLA"
