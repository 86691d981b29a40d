BEGIN TRANSACTION;
CREATE TABLE contents (
                sha256 TEXT NOT NULL PRIMARY KEY,
                size INTEGER NOT NULL,
                stored_at REAL NOT NULL,
                last_used REAL NOT NULL,
                uses INTEGER NOT NULL DEFAULT 0
            ) WITHOUT ROWID
            ;
INSERT INTO "contents" VALUES('ae2c95e43a99ecf289d1db5dfb1744f201baa7ab327c4fe5c2d4de6e8faacd32',34,1700000000.0,1700000003.0,1);
CREATE TABLE contents_total (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                bytes INTEGER NOT NULL
            );
INSERT INTO "contents_total" VALUES(1,34);
CREATE TABLE file_index (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                complete_since REAL NOT NULL
            );
INSERT INTO "file_index" VALUES(1,1700000000.0);
CREATE TABLE files (
                project TEXT NOT NULL,
                filename TEXT NOT NULL,
                sha256 TEXT NOT NULL REFERENCES contents (sha256) ON DELETE CASCADE,
                upstream TEXT NOT NULL,
                hashes TEXT NOT NULL,
                kept_at REAL NOT NULL,
                PRIMARY KEY (project, filename, sha256)
            ) WITHOUT ROWID
            ;
INSERT INTO "files" VALUES('demo','demo-1.0-py3-none-any.whl','ae2c95e43a99ecf289d1db5dfb1744f201baa7ab327c4fe5c2d4de6e8faacd32','mirror','{"sha256": "ae2c95e43a99ecf289d1db5dfb1744f201baa7ab327c4fe5c2d4de6e8faacd32"}',1700000000.0);
CREATE TABLE migrations (name TEXT NOT NULL PRIMARY KEY, applied_at REAL NOT NULL);
INSERT INTO "migrations" VALUES('upstreams',1.79542476924410367017e+09);
INSERT INTO "migrations" VALUES('pages',1.79542476924515390394e+09);
INSERT INTO "migrations" VALUES('recorded hashes',1.79542476924533462526e+09);
INSERT INTO "migrations" VALUES('files',1.79542476924559545516e+09);
INSERT INTO "migrations" VALUES('eviction',1.79542476924592947964e+09);
INSERT INTO "migrations" VALUES('revision of recorded hashes',1.7954247692461314201e+09);
CREATE TABLE page_bodies (tag TEXT NOT NULL PRIMARY KEY, body_z BLOB NOT NULL);
INSERT INTO "page_bodies" VALUES('6891e38333a526e3b325e1a225ec0373f4a27723e6e53611358b7b407aad585c',X'789CA551416E833010FC4AB5676C8C0D49406A5FD153AB1C167B09286053DB694B22FE5E27A754952A555DED61A5D99DF1782E60712268C0D0E420836E182940F37AB94D77182BB860F3A298759618DA857FF4633A38F9316DF431CEA1C9F369F0DE794E9F38CD2371E70FF98CFA88070AF96F2C3D86FEAA7B81D0A3AC36891249EABAA252615D93EEE4AE3685692BD3B5C5B62C3B298A16718BAD925B5D765469694A431BDA7588DA28096B069EDE4E83A7902463EF6C627D7A547C970417B447325799074F1812964118CEC9AD2A93A9797468581C6EF6A5908A8922F5B310CDAD5FD2BA769ED844110D46FCF6F4CD3F0BD635FB1980E0358FE8F9E1FCF76FBFBB5DF719BC930F83B3D7A02141892FE502FBF50B1D709F66');
CREATE TABLE pages (
                project TEXT NOT NULL,
                upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
                generation INTEGER NOT NULL,
                tag TEXT,
                etag TEXT,
                last_modified TEXT,
                url TEXT,
                serial TEXT,
                checked_at REAL NOT NULL,
                changed_at REAL NOT NULL,
                PRIMARY KEY (project, upstream_id)
            ) WITHOUT ROWID
            ;
INSERT INTO "pages" VALUES('demo',2,1,'6891e38333a526e3b325e1a225ec0373f4a27723e6e53611358b7b407aad585c','"an etag"','Tue, 14 Nov 2023 22:13:20 GMT','https://mirror.example.org/whl/demo/','42',1700000000.0,1700000000.0);
INSERT INTO "pages" VALUES('internal',1,1,NULL,NULL,NULL,NULL,NULL,1700000002.0,1700000002.0);
INSERT INTO "pages" VALUES('internal',2,1,NULL,NULL,NULL,NULL,NULL,1700000001.0,1700000001.0);
CREATE TABLE recorded_hashes (
                project TEXT NOT NULL,
                upstream_id INTEGER NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
                filename TEXT NOT NULL,
                sha256 TEXT NOT NULL,
                recorded_at REAL NOT NULL,
                PRIMARY KEY (project, upstream_id, filename)
            ) WITHOUT ROWID
            ;
INSERT INTO "recorded_hashes" VALUES('demo',2,'demo-0.9.tar.gz','5555555555555555555555555555555555555555555555555555555555555555',1700000000.0);
CREATE TABLE recorded_hashes_revision (revision INTEGER NOT NULL);
INSERT INTO "recorded_hashes_revision" VALUES(2);
CREATE TABLE seen_upstreams (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
INSERT INTO "seen_upstreams" VALUES('mirror');
INSERT INTO "seen_upstreams" VALUES('private');
CREATE TABLE upstreams (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                generation INTEGER NOT NULL DEFAULT 1,
                priority INTEGER NOT NULL,
                name TEXT NOT NULL UNIQUE,
                url TEXT NOT NULL,
                index_path TEXT NOT NULL,
                active INTEGER NOT NULL CHECK (active IN (0, 1)),
                username TEXT,
                password BLOB,
                token BLOB,
                credential_hosts TEXT NOT NULL,
                verify_ssl INTEGER NOT NULL CHECK (verify_ssl IN (0, 1)),
                ca_bundle TEXT,
                client_certificate TEXT,
                client_key TEXT,
                connect_timeout_ms INTEGER NOT NULL,
                stall_timeout_ms INTEGER NOT NULL,
                http_proxy BLOB,
                index_ttl REAL,
                missing_ttl REAL,
                on_failure TEXT NOT NULL CHECK (on_failure IN ('next', 'stop')),
                redirect_hosts TEXT NOT NULL,
                projects TEXT NOT NULL,
                excluded_projects TEXT NOT NULL
            );
INSERT INTO "upstreams" VALUES(1,1,1,'private','https://pypi.mycompany.example/repository/pypi-private/','simple',1,'ci',X'674141414141427242414942677A684E465871556463756A6644643976564368595959524C54524B4D324356626C7A48725F306C765745656864567243417330713552746A774C4E77485634665234444B6371385A55417233326B38625742733134564B467048747253754173714B38475345454655553D',NULL,'["https://files.mycompany.example:8443"]',1,'/etc/ssl/mycompany.pem','/etc/ssl/client.pem','/etc/ssl/client.key',2500,15000,X'674141414141427242414942474D7A48476966705977746A386F6F6E475074543377476D644136636F696652414F6B6F44475861476B695870355644756F6A41485A753748555954453451696F596A51794A395844686B78342D77797977706B375A6A454E44516C4E585650354B6B737A6D724A3469434A4A4B334B4156335850685641786E494372327364',60.0,5.0,'stop','["cdn.mycompany.example"]','["mycompany-*", "internal"]','[]');
INSERT INTO "upstreams" VALUES(2,1,2,'mirror','https://mirror.example.org/whl/','',0,NULL,NULL,X'674141414141427242414942464652415A33456853616E52646A7853537247636931615A59554D67746B4532543864516E62534F42624F425F76364D7A58424A4C416574566731586B4232345F51374F5145443167536F4553423044676B675A4F374E336F615344485A3935576E6A4A6937306A5145593D','[]',0,NULL,NULL,NULL,5000,30000,'none',NULL,NULL,'next','[]','[]','["internal-*"]');
CREATE TABLE upstreams_revision (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                revision INTEGER NOT NULL
            );
INSERT INTO "upstreams_revision" VALUES(1,1);
CREATE INDEX pages_by_upstream ON pages (upstream_id);
CREATE INDEX pages_by_tag ON pages (tag) WHERE tag IS NOT NULL;
CREATE INDEX pages_found ON pages (project) WHERE tag IS NOT NULL;
CREATE INDEX files_by_content ON files (sha256);
CREATE INDEX contents_by_last_use ON contents (last_used);
CREATE TRIGGER contents_added AFTER INSERT ON contents
            BEGIN UPDATE contents_total SET bytes = bytes + new.size; END;
CREATE TRIGGER contents_resized AFTER UPDATE OF size ON contents
            BEGIN UPDATE contents_total SET bytes = bytes + new.size - old.size; END;
CREATE TRIGGER contents_removed AFTER DELETE ON contents
            BEGIN UPDATE contents_total SET bytes = bytes - old.size; END;
CREATE TRIGGER recorded_hashes_added AFTER INSERT ON recorded_hashes
            BEGIN UPDATE recorded_hashes_revision SET revision = revision + 1; END;
CREATE TRIGGER recorded_hashes_removed AFTER DELETE ON recorded_hashes
            BEGIN UPDATE recorded_hashes_revision SET revision = revision + 1; END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('upstreams',2);
COMMIT;
