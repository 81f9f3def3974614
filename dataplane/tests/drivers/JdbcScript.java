import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * What JDBC gets from a server, one line a fact: server-prepared statements in text and binary, portals with row
 * limits, batches, COPY, metadata, errors. The connection comes from libpq's environment variables; with
 * READ_ONLY=1 nothing is written.
 */
public class JdbcScript {
    static final boolean READ_ONLY = "1".equals(System.getenv("READ_ONLY"));

    static void tell(String label, Object value) {
        System.out.println(label + ": " + value);
    }

    static Connection connect() throws SQLException {
        Properties p = new Properties();
        p.setProperty("user", System.getenv("PGUSER"));
        p.setProperty("password", System.getenv("PGPASSWORD"));
        p.setProperty("sslmode", System.getenv("PGSSLMODE"));
        if (System.getenv("PGSSLROOTCERT") != null) {
            p.setProperty("sslrootcert", System.getenv("PGSSLROOTCERT"));
        }
        // Named statements from the second execution on, binary where the driver can.
        p.setProperty("prepareThreshold", "2");
        return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":"
            + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"), p);
    }

    static String rows(ResultSet r) throws SQLException {
        StringBuilder text = new StringBuilder();
        int columns = r.getMetaData().getColumnCount();
        while (r.next()) {
            for (int i = 1; i <= columns; i++) {
                Object value = r.getObject(i);
                if (value instanceof byte[]) {
                    value = Arrays.toString((byte[]) value);
                }
                text.append(i == 1 ? "[" : ", ").append(value);
            }
            text.append("]");
        }
        return text.toString();
    }

    interface Work {
        void run() throws SQLException;
    }

    static void tellError(String label, Work work) {
        try {
            work.run();
            tell(label, "no error");
        } catch (PSQLException e) {
            ServerErrorMessage m = e.getServerErrorMessage();
            tell(label, m == null ? e.getMessage() : m.getSeverity() + " " + m.getSQLState() + " " + m.getMessage()
                + " | " + m.getDetail() + " | " + m.getHint() + " | " + m.getPosition() + " | " + m.getConstraint());
        } catch (SQLException e) {
            tell(label, e.getMessage());
        }
    }

    static void reading(Connection c) throws SQLException {
        String everything = "SELECT * FROM stock.items WHERE item_id IN (0, ?, 199) ORDER BY item_id";
        try (PreparedStatement s = c.prepareStatement(everything)) {
            for (int i = 0; i < 4; i++) {
                s.setInt(1, 7 + i);
                try (ResultSet r = s.executeQuery()) {
                    ResultSetMetaData m = r.getMetaData();
                    StringBuilder shape = new StringBuilder();
                    for (int k = 1; k <= m.getColumnCount(); k++) {
                        shape.append(m.getColumnLabel(k)).append(' ').append(m.getColumnTypeName(k)).append(' ')
                            .append(m.getPrecision(k)).append(' ').append(m.getTableName(k)).append("; ");
                    }
                    tell("columns", shape);
                    tell("rows", rows(r));
                }
            }
        }
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.setFetchSize(13);
            int rows = 0;
            long sum = 0;
            try (ResultSet r = s.executeQuery("SELECT item_id, label FROM stock.items ORDER BY item_id")) {
                while (r.next()) {
                    rows++;
                    sum += r.getInt(1);
                }
            }
            tell("portal with a row limit", rows + " rows, sum " + sum);
            s.setMaxRows(5);
            tell("first rows", rows(s.executeQuery("SELECT item_id FROM stock.items ORDER BY item_id")));
        }
        c.commit();
        c.setAutoCommit(true);
        try (Statement s = c.createStatement()) {
            StringBuilder several = new StringBuilder();
            boolean result = s.execute("SELECT 1; SELECT 2, 'b'; SELECT 3 WHERE false");
            while (result || s.getUpdateCount() != -1) {
                several.append(rows(s.getResultSet())).append('/');
                result = s.getMoreResults();
            }
            tell("several", several);
            tell("catalog", rows(c.getMetaData().getColumns(null, "stock", "items", "%")).length() > 1000);
            tellError("syntax", () -> s.execute("SELEC 1"));
            tellError("no such table", () -> s.execute("SELECT * FROM stock.nothing"));
            tellError("division", () -> s.execute("SELECT 1 / (item_id - item_id) FROM stock.items"));
            s.setQueryTimeout(1);
            tellError("timeout", () -> s.execute("SELECT pg_sleep(60)"));
            s.setQueryTimeout(0);
            tell("and on it goes", rows(s.executeQuery("SELECT 'still here'")));
        }
        StringWriter out = new StringWriter();
        try {
            long count = c.unwrap(PGConnection.class).getCopyAPI().copyOut(
                "COPY (SELECT item_id, label FROM stock.items ORDER BY 1 LIMIT 3) TO STDOUT (FORMAT csv)", out);
            tell("copied out", count + " " + out);
        } catch (java.io.IOException e) {
            tell("copied out", e);
        }
    }

    static void writing(Connection c) throws Exception {
        try (Statement s = c.createStatement()) {
            s.execute("CREATE TABLE stock.bins (bin_id serial PRIMARY KEY, label text UNIQUE)");
        }
        String insert = "INSERT INTO stock.bins (label) VALUES (?)";
        try (PreparedStatement s = c.prepareStatement(insert, Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 0; i < 300; i++) {
                s.setString(1, "bin " + i);
                s.addBatch();
            }
            tell("batch", Arrays.stream(s.executeBatch()).sum());
            try (ResultSet keys = s.getGeneratedKeys()) {
                keys.next();
                tell("first key", keys.getInt(1));
            }
        }
        tell("copied in", c.unwrap(PGConnection.class).getCopyAPI().copyIn(
            "COPY stock.bins (label) FROM STDIN (FORMAT csv)", new StringReader("one\n\"two, three\"\n")));
        tellError("unique", () -> c.createStatement().execute("INSERT INTO stock.bins (label) VALUES ('one')"));
        tellError("raised", () -> c.createStatement().execute("SELECT stock.complain('the anvil')"));
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            s.execute("DELETE FROM stock.bins");
            c.rollback();
            tell("rolled back", rows(s.executeQuery("SELECT count(*) FROM stock.bins")));
        }
        c.rollback();
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection c = connect()) {
            reading(c);
            if (!READ_ONLY) {
                writing(c);
            }
        }
    }
}
