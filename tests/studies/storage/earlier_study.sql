BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'stored by an earlier version');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'mfbench:id','"4b0f6a26d57649f5b70f70b65efb341a"');
INSERT INTO "study_user_attributes" VALUES(2,1,'mfbench:settings','{"model": "fragile", "metric": "mrr@100", "second_metric": null, "seed": 0, "max_epochs": 6, "patience": 2, "data": {"name": "toy", "n_users": 12, "n_items": 15, "n_likes": 70, "rows_read": 70, "dropped": {}, "content_hash": "aa52d88baceb46a3698c78ee22ac542414d300db30e5193e10c0456475f30e91", "positive_from": null, "features": null, "notes": [], "terms": ""}, "split": {"kind": "leave-one-out", "protocol": "warm", "holdout": "1 random like a user", "seed": 0, "n_eligible_users": 11, "n_test_users": 11, "n_validation_users": 11, "n_draws": 2, "n_train_likes": 48, "test_hash": "23b60a9061bd7eed51fdeb43dd6dc9b92a5ccc27e2aa4839e7c0d030f85a52d2", "validation_hash": "53d23edc79af0190cb03006d894036a81164e6f7bf7773fe103ccadccca32ee3", "n_hidden": 1, "is_last_by_time": false, "seen_may_return": false, "n_unknown": 0}, "space": {"quality": {"source": "made up", "low": 0.0, "high": 1.0, "log": false, "is_integer": false, "choices": []}, "fate": {"source": "made up", "low": null, "high": null, "log": false, "is_integer": false, "choices": ["fine", "raises", "nan"]}}, "fixed": {}}');
INSERT INTO "study_user_attributes" VALUES(3,1,'mfbench:run','{"command": "python -m bench.study --model fragile --sampler random", "configuration": "model = \"fragile\"\nsampler = \"random\"\n", "sampler": "random", "n_trials": 15, "rescore": 2, "started": "2026-11-28T06:09:50.891602+00:00", "environment": {"mfbench": "0.1.0", "code": "9ed345990aa5", "python": "3.11.7", "numpy": "2.4.6", "scipy": "1.17.1", "numba": "0.68.1", "optuna": "5.0.0", "mlflow": "3.17.2", "system": "Linux x86_64", "processor": "Intel(R) Xeon(R) Processor", "cores": "2", "memory": "23.6 GiB"}}');
INSERT INTO "study_user_attributes" VALUES(4,1,'mfbench:samplers','{"0": "TPE, multivariate", "9": "random"}');
INSERT INTO "study_user_attributes" VALUES(5,1,'mfbench:asked','{"users": [["user 0", "user 1", "user 10", "user 11", "user 2", "user 3", "user 4", "user 6", "user 7", "user 8", "user 9"], ["user 0", "user 1", "user 10", "user 11", "user 2", "user 3", "user 4", "user 6", "user 7", "user 8", "user 9"]], "n_hidden": [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]}');
INSERT INTO "study_user_attributes" VALUES(6,1,'mfbench:floors','{"popularity": {"ranks": ["eJxjZ2BgEAJiDiCWBmI+IOYHYi4gZgViUSBmBmJJIAYADjAAmg==", "eJwTYWBgYAdiXiAWA2ImIOYHYm4g5gJiUSBmBmIeIAYADagAiQ=="], "tie_shares": [0.1476889272343818, 0.15775815093996914]}}');
INSERT INTO "study_user_attributes" VALUES(7,1,'mfbench:fresh_asked','{"users": [["user 0", "user 1", "user 10", "user 11", "user 2", "user 3", "user 4", "user 6", "user 7", "user 8", "user 9"], ["user 0", "user 1", "user 10", "user 11", "user 2", "user 3", "user 4", "user 6", "user 7", "user 8", "user 9"]], "n_hidden": [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]}');
INSERT INTO "study_user_attributes" VALUES(8,1,'mfbench:fresh:0','{"ranks": ["eJyTYGBgYIFiASBmA2IuIGaCssWAmAMqDwAK9ABr", "eJyTYGBg4ABiFiDmQ2JzATETEPNAxUAYAAr0AGc="], "tie_shares": [0.0, 0.0]}');
INSERT INTO "study_user_attributes" VALUES(9,1,'mfbench:fresh:3','{"ranks": ["eJyTYGBgYIFiASBmA2IuIGaCssWAmAMqDwAK9ABr", "eJyTYGBg4ABiFiDmg7KZgJgLSvNAxdiAGAAKvABj"], "tie_shares": [0.0, 0.0]}');
INSERT INTO "study_user_attributes" VALUES(10,1,'mfbench:opened:5f0c','{"test_hash": "23b60a9061bd7eed51fdeb43dd6dc9b92a5ccc27e2aa4839e7c0d030f85a52d2", "when": "2026-01-02T03:04:05+00:00", "command": "python -m bench.compare"}');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_heartbeats" VALUES(1,1,'2026-11-28 06:09:49');
INSERT INTO "trial_heartbeats" VALUES(2,2,'2026-11-28 06:09:49');
INSERT INTO "trial_heartbeats" VALUES(3,3,'2026-11-28 06:09:49');
INSERT INTO "trial_heartbeats" VALUES(4,4,'2026-11-28 06:09:50');
INSERT INTO "trial_heartbeats" VALUES(5,5,'2026-11-28 06:09:50');
INSERT INTO "trial_heartbeats" VALUES(6,6,'2026-11-28 06:09:50');
INSERT INTO "trial_heartbeats" VALUES(7,7,'2026-11-28 06:09:50');
INSERT INTO "trial_heartbeats" VALUES(8,8,'2026-11-28 06:09:50');
INSERT INTO "trial_heartbeats" VALUES(9,9,'2026-11-28 06:09:50');
INSERT INTO "trial_heartbeats" VALUES(10,10,'2026-11-28 06:09:51');
INSERT INTO "trial_heartbeats" VALUES(11,11,'2026-11-28 06:09:51');
INSERT INTO "trial_heartbeats" VALUES(12,12,'2026-11-28 06:09:51');
INSERT INTO "trial_heartbeats" VALUES(13,13,'2026-11-28 06:09:51');
INSERT INTO "trial_heartbeats" VALUES(14,14,'2026-11-28 06:09:51');
INSERT INTO "trial_heartbeats" VALUES(15,15,'2026-11-28 06:09:51');
INSERT INTO "trial_heartbeats" VALUES(16,16,'2026-11-28 06:09:51');
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_intermediate_values" VALUES(1,8,4,0.125,'FINITE');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'quality',0.5,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(2,1,'fate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(3,2,'quality',9.73223050522890487101e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(4,2,'fate',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(5,3,'quality',5.63314034839905830587e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(6,3,'fate',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(7,4,'quality',4.79173493509520542765e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(8,4,'fate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(9,5,'quality',4.72675266811856231718e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(10,5,'fate',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(11,6,'quality',4.26571400425890590035e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(12,6,'fate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(13,7,'quality',8.71015770937181188493e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(14,7,'fate',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(15,8,'quality',8.71015770937181188493e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(16,8,'fate',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(17,9,'quality',0.5,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(18,9,'fate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(19,10,'quality',6.63929659499870150618e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(20,10,'fate',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(21,11,'quality',7.08072619281573722993e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(22,11,'fate',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(23,12,'quality',8.23499143258959565017e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(24,12,'fate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(25,13,'quality',7.47145331080053765049e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(26,13,'fate',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(27,14,'quality',1.01604037138555480801e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(28,14,'fate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(29,15,'quality',8.91633849238013809213e-02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(30,15,'fate',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
INSERT INTO "trial_params" VALUES(31,16,'quality',9.45534962158582459323e-01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
INSERT INTO "trial_params" VALUES(32,16,'fate',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["fine", "raises", "nan"]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'fixed_params','{"quality": 0.5, "fate": "fine"}');
INSERT INTO "trial_system_attributes" VALUES(2,8,'fixed_params','{"quality": 0.8710157709371812, "fate": "nan"}');
INSERT INTO "trial_system_attributes" VALUES(3,9,'fixed_params','{"quality": 0.5, "fate": "fine"}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'mfbench:defaults','true');
INSERT INTO "trial_user_attributes" VALUES(2,1,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(3,1,'mfbench:result','{"config": {"quality": 0.5, "fate": "fine", "n_epochs": 4}, "n_epochs": 4, "curve": [0.24282434736980194, 0.24617932572478027, 0.24320313524858977, 0.25727239931785384, 0.24320313524858977, 0.24617932572478027], "fit_seconds": 0.0006035520000295946, "evaluate_seconds": 0.001959363999958441, "errors": {}, "ranks": ["eJyTYGBgEANiASAWAmIOIOaB0mxAzAfFIDkAEJwAoQ==", "eJyTYGBgYAFiASDmA2ImKJsJyheD0iA1AA00AIU="], "tie_shares": [0.0, 0.0], "seconds": 0.03735805699989214}');
INSERT INTO "trial_user_attributes" VALUES(4,2,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(5,2,'mfbench:result','{"curve": [], "seconds": 0.01881366799989337}');
INSERT INTO "trial_user_attributes" VALUES(6,2,'mfbench:error','"ArithmeticError: the matrix </script> is singular"');
INSERT INTO "trial_user_attributes" VALUES(7,3,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(8,3,'mfbench:result','{"curve": [], "seconds": 0.02166166200004227}');
INSERT INTO "trial_user_attributes" VALUES(9,3,'mfbench:error','"ArithmeticError: the matrix </script> is singular"');
INSERT INTO "trial_user_attributes" VALUES(10,4,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(11,4,'mfbench:result','{"config": {"quality": 0.47917349350952054, "fate": "fine", "n_epochs": 4}, "n_epochs": 4, "curve": [0.24282434736980194, 0.24617932572478027, 0.24320313524858977, 0.25727239931785384, 0.24320313524858977, 0.24617932572478027], "fit_seconds": 0.0005386120005823614, "evaluate_seconds": 0.0019662109998535016, "errors": {}, "ranks": ["eJyTYGBgEANiASAWAmIOIOaB0mxAzAfFIDkAEJwAoQ==", "eJyTYGBgYAFiASDmA2ImKJsJyheD0iA1AA00AIU="], "tie_shares": [0.0, 0.0], "seconds": 0.04218275099992752}');
INSERT INTO "trial_user_attributes" VALUES(12,5,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(13,5,'mfbench:result','{"curve": [], "seconds": 0.0279210570001851}');
INSERT INTO "trial_user_attributes" VALUES(14,5,'mfbench:error','"NonFiniteScoresError: NaN among the scores that 11 hidden likes are ranked by; the fit has probably diverged"');
INSERT INTO "trial_user_attributes" VALUES(15,6,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(16,6,'mfbench:result','{"config": {"quality": 0.4265714004258906, "fate": "fine", "n_epochs": 4}, "n_epochs": 4, "curve": [0.24282434736980194, 0.24282434736980194, 0.24320313524858977, 0.25727239931785384, 0.24320313524858977, 0.24282434736980194], "fit_seconds": 0.0005241749995548162, "evaluate_seconds": 0.0018334589999540185, "errors": {}, "ranks": ["eJyTYGBgEANiASAWAmIOIOaB0mxAzAfFIDkAEJwAoQ==", "eJyTYGBgYAFiASDmQ2IzQfliUBrEBwANZACF"], "tie_shares": [0.0, 0.0], "seconds": 0.04130653600032019}');
INSERT INTO "trial_user_attributes" VALUES(17,7,'mfbench:owner','"elsewhere:4026531836 1 1"');
INSERT INTO "trial_user_attributes" VALUES(18,8,'mfbench:again','6');
INSERT INTO "trial_user_attributes" VALUES(19,8,'mfbench:deaths','1');
INSERT INTO "trial_user_attributes" VALUES(20,8,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(21,8,'mfbench:result','{"curve": [0.125, 0.25, 0.1875, 0.125], "seconds": 0.5}');
INSERT INTO "trial_user_attributes" VALUES(22,9,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(23,9,'mfbench:same_as','0');
INSERT INTO "trial_user_attributes" VALUES(24,9,'mfbench:result','{"config": {"quality": 0.5, "fate": "fine", "n_epochs": 4}, "n_epochs": 4, "curve": [0.24282434736980194, 0.24617932572478027, 0.24320313524858977, 0.25727239931785384, 0.24320313524858977, 0.24617932572478027], "fit_seconds": 0.0006035520000295946, "evaluate_seconds": 0.001959363999958441, "errors": {}, "ranks": ["eJyTYGBgEANiASAWAmIOIOaB0mxAzAfFIDkAEJwAoQ==", "eJyTYGBgYAFiASDmA2ImKJsJyheD0iA1AA00AIU="], "tie_shares": [0.0, 0.0], "seconds": 0.02992218600002161}');
INSERT INTO "trial_user_attributes" VALUES(25,10,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(26,10,'mfbench:result','{"curve": [], "seconds": 0.018862754000110726}');
INSERT INTO "trial_user_attributes" VALUES(27,10,'mfbench:error','"NonFiniteScoresError: NaN among the scores that 11 hidden likes are ranked by; the fit has probably diverged"');
INSERT INTO "trial_user_attributes" VALUES(28,11,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(29,11,'mfbench:result','{"curve": [], "seconds": 0.021944190000340313}');
INSERT INTO "trial_user_attributes" VALUES(30,11,'mfbench:error','"NonFiniteScoresError: NaN among the scores that 11 hidden likes are ranked by; the fit has probably diverged"');
INSERT INTO "trial_user_attributes" VALUES(31,12,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(32,12,'mfbench:result','{"config": {"quality": 0.8234991432589596, "fate": "fine", "n_epochs": 3}, "n_epochs": 3, "curve": [0.24320313524858977, 0.24590876295421749, 0.25727239931785384, 0.22132249064067244, 0.25727239931785384], "fit_seconds": 0.0004601519985953928, "evaluate_seconds": 0.0015419550018123118, "errors": {}, "ranks": ["eJyTYGBgEANiASAWAmIOIOaB0mxAzAfFIDkAEJwAoQ==", "eJyTYGBgYAFiASDmQ2IzQfliUBrEBwANZACF"], "tie_shares": [0.0, 0.0], "seconds": 0.029717757000071288}');
INSERT INTO "trial_user_attributes" VALUES(33,13,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(34,13,'mfbench:result','{"curve": [], "seconds": 0.019714776999990136}');
INSERT INTO "trial_user_attributes" VALUES(35,13,'mfbench:error','"ArithmeticError: the matrix </script> is singular"');
INSERT INTO "trial_user_attributes" VALUES(36,14,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(37,14,'mfbench:result','{"config": {"quality": 0.10160403713855548, "fate": "fine", "n_epochs": 1}, "n_epochs": 1, "curve": [0.24383116883116884, 0.24341794569067293, 0.243417945690673], "fit_seconds": 0.000589312000101927, "evaluate_seconds": 0.0011538809994817711, "errors": {}, "ranks": ["eJyTYGBgEAFiPiAWAmIWIOYBYi4g5kASB2EAD/wAoQ==", "eJyTYGBgYANiPijmAGIBIGaC8kWQ+AAN1ACJ"], "tie_shares": [0.0, 0.0], "seconds": 0.02361059800023213}');
INSERT INTO "trial_user_attributes" VALUES(38,15,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(39,15,'mfbench:result','{"curve": [], "seconds": 0.022545093999724486}');
INSERT INTO "trial_user_attributes" VALUES(40,15,'mfbench:error','"NonFiniteScoresError: NaN among the scores that 11 hidden likes are ranked by; the fit has probably diverged"');
INSERT INTO "trial_user_attributes" VALUES(41,16,'mfbench:owner','"2d9224fb-2e2f-4128-badc-dafe115f21e0:4026531836 32572 259362"');
INSERT INTO "trial_user_attributes" VALUES(42,16,'mfbench:result','{"config": {"quality": 0.9455349621585825, "fate": "fine", "n_epochs": 3}, "n_epochs": 3, "curve": [0.24320313524858977, 0.24590876295421749, 0.25727239931785384, 0.23742999424817607, 0.25727239931785384], "fit_seconds": 0.0005581329987762729, "evaluate_seconds": 0.0014612700019824842, "errors": {}, "ranks": ["eJyTYGBgEANiASAWAmIOIOaB0mxAzAfFIDkAEJwAoQ==", "eJyTYGBgYAFiASDmA2ImKJsJyheD0iA1AA00AIU="], "tie_shares": [0.0, 0.0], "seconds": 0.032989568000175495}');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,2.57272399317853839306e-01,'FINITE');
INSERT INTO "trial_values" VALUES(2,4,0,2.57272399317853839306e-01,'FINITE');
INSERT INTO "trial_values" VALUES(3,6,0,2.57272399317853839306e-01,'FINITE');
INSERT INTO "trial_values" VALUES(4,8,0,0.125,'FINITE');
INSERT INTO "trial_values" VALUES(5,9,0,2.57272399317853839306e-01,'FINITE');
INSERT INTO "trial_values" VALUES(6,12,0,2.57272399317853839306e-01,'FINITE');
INSERT INTO "trial_values" VALUES(7,14,0,2.43831168831168842991e-01,'FINITE');
INSERT INTO "trial_values" VALUES(8,16,0,2.57272399317853839306e-01,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-28 06:09:49.731884','2026-11-28 06:09:49.857191');
INSERT INTO "trials" VALUES(2,1,1,'FAIL','2026-11-28 06:09:49.885785','2026-11-28 06:09:49.939498');
INSERT INTO "trials" VALUES(3,2,1,'FAIL','2026-11-28 06:09:49.967783','2026-11-28 06:09:50.022631');
INSERT INTO "trials" VALUES(4,3,1,'COMPLETE','2026-11-28 06:09:50.051946','2026-11-28 06:09:50.143769');
INSERT INTO "trials" VALUES(5,4,1,'FAIL','2026-11-28 06:09:50.174739','2026-11-28 06:09:50.250778');
INSERT INTO "trials" VALUES(6,5,1,'COMPLETE','2026-11-28 06:09:50.275983','2026-11-28 06:09:50.370418');
INSERT INTO "trials" VALUES(7,6,1,'FAIL','2026-11-28 06:09:50.481425','2026-11-28 06:09:50.588630');
INSERT INTO "trials" VALUES(8,7,1,'PRUNED','2026-11-28 06:09:50.648080','2026-11-28 06:09:50.763319');
INSERT INTO "trials" VALUES(9,8,1,'COMPLETE','2026-11-28 06:09:50.954808','2026-11-28 06:09:51.066712');
INSERT INTO "trials" VALUES(10,9,1,'FAIL','2026-11-28 06:09:51.088175','2026-11-28 06:09:51.144168');
INSERT INTO "trials" VALUES(11,10,1,'FAIL','2026-11-28 06:09:51.172171','2026-11-28 06:09:51.227514');
INSERT INTO "trials" VALUES(12,11,1,'COMPLETE','2026-11-28 06:09:51.256227','2026-11-28 06:09:51.319236');
INSERT INTO "trials" VALUES(13,12,1,'FAIL','2026-11-28 06:09:51.348844','2026-11-28 06:09:51.408944');
INSERT INTO "trials" VALUES(14,13,1,'COMPLETE','2026-11-28 06:09:51.433798','2026-11-28 06:09:51.488547');
INSERT INTO "trials" VALUES(15,14,1,'FAIL','2026-11-28 06:09:51.517445','2026-11-28 06:09:51.582608');
INSERT INTO "trials" VALUES(16,15,1,'COMPLETE','2026-11-28 06:09:51.612177','2026-11-28 06:09:51.673944');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
