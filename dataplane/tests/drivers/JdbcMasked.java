import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Properties;

/**
 * What JDBC makes of each cell of the tables that are named, in text and, where the driver can, in binary: a line of
 * the cell, its class and its value. The connection comes from libpq's environment variables.
 */
public class JdbcMasked {
    static Connection connect(String prepareThreshold) throws SQLException {
        Properties p = new Properties();
        p.setProperty("user", System.getenv("PGUSER"));
        p.setProperty("password", System.getenv("PGPASSWORD"));
        p.setProperty("sslmode", System.getenv("PGSSLMODE"));
        p.setProperty("prepareThreshold", prepareThreshold);
        return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":"
            + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"), p);
    }

    public static void main(String[] arguments) throws SQLException {
        // 0 is text for ever, -1 is binary from the first execution on.
        for (String threshold : new String[] {"0", "-1"}) {
            try (Connection connection = connect(threshold)) {
                for (String table : arguments[0].split(",")) {
                    read(connection, table, threshold);
                }
            }
        }
    }

    static void read(Connection connection, String table, String threshold) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM " + table);
                ResultSet row = statement.executeQuery()) {
            row.next();
            for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                Object value = row.getObject(i);
                String kind = value == null ? "null" : value.getClass().getName();
                System.out.println(table + " " + row.getMetaData().getColumnName(i) + " " + threshold + "\t" + kind
                    + "\t" + row.getString(i));
            }
        }
    }
}
